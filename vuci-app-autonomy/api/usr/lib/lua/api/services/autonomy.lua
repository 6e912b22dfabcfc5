-- Made from contract/ and src/autonomy.lua by `npm run generate`; changes here are lost.
-- /api/autonomy of RutOS: passes calls on to ubus and their answers back; nothing is decided here.
--   GET  /api/autonomy/ask?q=HEX           HEX: JSON in hexadecimal, [[method, arguments, object], ...]; object: autonomy
--                                          unless given. What changes nothing; asks for the right to read.
--   POST /api/autonomy/actions/order       {"data":{"call":JSON}} with one such call; asks for the right to write.
-- Both answer {"results":[{"status":S,"reply":{...}}, ...]}, S being ubus' status, or "absent" where the object is not on
-- the bus, or "denied" where the method is not among those of this address. RutOS has checked session and rights by then.
-- Lua 5.1; it does without any of RutOS' own modules but the one services are made with.

local FunctionService = require("api/FunctionService")
local jsonc = require("luci.jsonc")
local ubus = require("ubus")

local READ = {
	["autonomy"] = {
		["status"] = true,
		["members"] = true,
		["metrics"] = true,
		["history"] = true,
		["events"] = true,
		["decisions"] = true,
		["explain"] = true,
		["what_if"] = true,
		["config.get"] = true,
		["health"] = true,
		["info"] = true,
		["starlink_status"] = true,
		["starlink_diagnostics"] = true,
		["obstruction_map"] = true,
		["cellular_status"] = true,
		["cellular_analysis"] = true,
		["wifi_status"] = true,
		["data_usage"] = true,
		["data_limit_status"] = true,
		["data_limit_interface"] = true,
		["gps"] = true,
		["gps_status"] = true,
		["alerts"] = true,
		["alert_history"] = true,
		["notification_status"] = true,
		["push_status"] = true,
		["report"] = true,
		["forecast"] = true,
		["render"] = true,
	},
	["luci.autonomy"] = {
		["service"] = true,
		["config_validate"] = true,
		["backup_list"] = true,
		["backup_get"] = true,
		["log"] = true,
		["diagnostics_list"] = true,
		["diagnostics"] = true,
		["versions"] = true,
	},
}

local WRITE = {
	["autonomy"] = {
		["action"] = true,
		["failover"] = true,
		["restore"] = true,
		["recheck"] = true,
		["setlog"] = true,
		["config.set"] = true,
		["reload"] = true,
		["alert_ack"] = true,
		["push_key"] = true,
		["push_subscribe"] = true,
		["push_unsubscribe"] = true,
		["send_test_notification"] = true,
		["forecast_reset"] = true,
	},
	["luci.autonomy"] = {
		["service_control"] = true,
		["backup"] = true,
		["backup_download"] = true,
		["backup_restore"] = true,
		["backup_delete"] = true,
	},
}

local MAX_CALLS = 40
local MAX_TEXT = 90000
local NOT_FOUND = 4
local BAD_REQUEST = 100

local Autonomy = FunctionService:new()

local function unhex(text)
	if #text % 2 ~= 0 or text:find("[^%x]") then return nil end
	return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- The reply, or why there is none.
local function pass(connection, call, allowed)
	local method, args, object = call[1], call[2], call[3] or "autonomy"
	if type(method) ~= "string" or type(object) ~= "string" then return { status = "denied" } end
	if not (allowed[object] and allowed[object][method]) then return { status = "denied" } end
	if type(args) ~= "table" then args = {} end
	local reply, status = connection:call(object, method, args)
	if reply ~= nil then return { status = 0, reply = reply } end
	-- A method without a reply has none, and an object that is not there has the same status as a name that is not.
	if status == nil or status == 0 then return { status = 0, reply = {} } end
	if status == NOT_FOUND and connection:signatures(object) == nil then return { status = "absent" } end
	return { status = status }
end

local function passAll(service, text, allowed, most)
	local calls = type(text) == "string" and #text <= MAX_TEXT and jsonc.parse(text) or nil
	if type(calls) ~= "table" or #calls < 1 or #calls > most then
		return service:add_critical_error(BAD_REQUEST, "A list of calls is expected", "autonomy")
	end
	local connection = ubus.connect()
	if not connection then
		return service:add_critical_error(BAD_REQUEST, "ubus does not answer", "autonomy")
	end
	local results = {}
	for index = 1, #calls do
		local call = calls[index]
		results[index] = type(call) == "table" and pass(connection, call, allowed) or { status = "denied" }
	end
	connection:close()
	return service:ResponseOK({ results = results })
end

function Autonomy:GET_TYPE_ask()
	local query = self.query_parameters
	local hex = type(query) == "table" and query.q or nil
	return passAll(self, type(hex) == "string" and unhex(hex) or nil, READ, MAX_CALLS)
end

function Autonomy:Order()
	local data = type(self.arguments) == "table" and self.arguments.data or nil
	local call = type(data) == "table" and data.call or nil
	return passAll(self, type(call) == "string" and "[" .. call .. "]" or nil, WRITE, 1)
end

local order = Autonomy:action("order", Autonomy.Order)
local call = order:option("call")
call.require = true
call.maxlength = MAX_TEXT

return Autonomy
