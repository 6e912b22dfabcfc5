-- Runs a service of /api under plain Lua 5.1, with stand-ins for what RutOS gives it: api/FunctionService as its example and
-- README describe it, luci.jsonc, ubus. A line of JSON in is a request {http, group, sid, query, body}; lines out are either
-- calls of ubus {"call":[object,method,args]} and {"lookup":object}, each answered by a line in, or the answer
-- {"code":..,"body":..}. As in RutOS an empty list and an empty table are one, and requests come one after the other.
local file = arg[1]

-- --- JSON

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quoted(text)
	return '"' .. text:gsub('[%z\1-\31\\"]', function(c) return escapes[c] or string.format("\\u%04x", c:byte()) end) .. '"'
end

local function stringify(value)
	local kind = type(value)
	if kind == "string" then return quoted(value) end
	if kind == "number" then return value == math.floor(value) and string.format("%.0f", value) or string.format("%.17g", value) end
	if kind ~= "table" then return tostring(value) end
	local parts = {}
	if #value > 0 then
		for _, one in ipairs(value) do parts[#parts + 1] = stringify(one) end
		return "[" .. table.concat(parts, ",") .. "]"
	end
	for key, one in pairs(value) do parts[#parts + 1] = quoted(tostring(key)) .. ":" .. stringify(one) end
	return "{" .. table.concat(parts, ",") .. "}"
end

local function utf8(code)
	if code < 128 then return string.char(code) end
	if code < 2048 then return string.char(192 + math.floor(code / 64), 128 + code % 64) end
	if code < 65536 then
		return string.char(224 + math.floor(code / 4096), 128 + math.floor(code / 64) % 64, 128 + code % 64)
	end
	return string.char(240 + math.floor(code / 262144), 128 + math.floor(code / 4096) % 64,
		128 + math.floor(code / 64) % 64, 128 + code % 64)
end

local plain = { n = "\n", r = "\r", t = "\t", b = "\b", f = "\f" }

local function parse(text)
	local at = 1
	local value
	local function fail() error("no JSON at " .. at, 0) end
	local function space() at = text:find("[^ \t\r\n]", at) or #text + 1 end
	local function word(literal, meant)
		if text:sub(at, at + #literal - 1) ~= literal then fail() end
		at = at + #literal
		return meant
	end
	local function hex()
		local digits = text:match("^%x%x%x%x", at) or fail()
		at = at + 4
		return tonumber(digits, 16)
	end
	local function chars()
		local parts = {}
		at = at + 1
		while true do
			local from, to = text:find('^[^"\\]+', at)
			if from then parts[#parts + 1], at = text:sub(from, to), to + 1 end
			local c = text:sub(at, at)
			at = at + 1
			if c == '"' then return table.concat(parts) end
			if c ~= "\\" then fail() end
			local e = text:sub(at, at)
			at = at + 1
			if e == "u" then
				local code = hex()
				if code >= 0xd800 and code < 0xdc00 and text:sub(at, at + 1) == "\\u" then
					at = at + 2
					code = 0x10000 + (code - 0xd800) * 1024 + hex() - 0xdc00
				end
				parts[#parts + 1] = utf8(code)
			else
				parts[#parts + 1] = plain[e] or e
			end
		end
	end
	local function members(close, one)
		at = at + 1
		space()
		if text:sub(at, at) == close then at = at + 1 return end
		while true do
			one()
			space()
			local c = text:sub(at, at)
			at = at + 1
			if c == close then return end
			if c ~= "," then fail() end
		end
	end
	function value()
		space()
		local c = text:sub(at, at)
		if c == '"' then return chars() end
		if c == "t" then return word("true", true) end
		if c == "f" then return word("false", false) end
		if c == "n" then return word("null", nil) end
		local result = {}
		if c == "[" then
			local count = 0
			members("]", function() count = count + 1; result[count] = value() end)
			return result
		end
		if c == "{" then
			members("}", function()
				space()
				local key = chars()
				space()
				word(":")
				result[key] = value()
			end)
			return result
		end
		local from, to = text:find("^-?%d+%.?%d*[eE]?[+-]?%d*", at)
		if not from then fail() end
		at = to + 1
		return tonumber(text:sub(from, to))
	end
	local result = value()
	space()
	if at <= #text then fail() end
	return result
end

local function parseOrNil(text)
	local ok, found = pcall(parse, text)
	return ok and found or nil
end

package.loaded["luci.jsonc"] = { parse = parseOrNil, stringify = stringify }

-- --- ubus, by way of whoever started us

local function ask(question)
	io.stdout:write(stringify(question), "\n")
	io.stdout:flush()
	return parse(io.stdin:read("*l"))
end

package.loaded.ubus = {
	connect = function()
		local answer = ask({ connect = true })
		if not answer.ok then return nil end
		return {
			call = function(_, object, method, args)
				local said = ask({ call = { object, method, stringify(args) } })
				if said.status == 0 then return said.reply, nil end
				return nil, said.status
			end,
			signatures = function(_, object) return ask({ lookup = object }).ok and {} or nil end,
			close = function() end,
		}
	end,
}

-- --- api/FunctionService

local Service = {}
Service.__index = Service

function Service:new()
	local made = { actions = {} }
	made.__index = made
	return setmetatable(made, Service)
end

local function finish(code, body) coroutine.yield({ code = code, body = body }) end

function Service:ResponseOK(data) finish(200, { success = true, data = data }) end

function Service:add_critical_error(code, text, source)
	finish(422, { success = false, errors = { { code = code, error = text, source = source } } })
end

function Service:action(name, work)
	local action = { work = work, options = {} }
	function action:option(key)
		local option = { maxlength = 256 }
		self.options[key] = option
		return option
	end
	self.actions[name] = action
	return action
end

local function notFound() finish(404, { success = false, errors = { { code = 122, error = "Endpoint not implemented", source = "Request" } } }) end

function Service:run(request)
	if request.http == "GET" then
		local method = self["GET_TYPE_" .. request.group]
		if not method then notFound() end
		return method(self)
	end
	local action = request.group == "actions" and self.actions[request.sid or ""]
	if request.http ~= "POST" or not action then notFound() end
	local data = type(self.arguments) == "table" and self.arguments.data
	if type(data) ~= "table" then self:add_critical_error(117, "Invalid or no body for POST provided", "Validation") end
	for key, value in pairs(data) do
		local option = action.options[key]
		if not option then self:add_critical_error(104, "Invalid option", key) end
		if type(value) ~= "string" then self:add_critical_error(104, "Value must be a string", key) end
		if #value > option.maxlength then self:add_critical_error(104, "Provided value is too long.", key) end
	end
	for key, option in pairs(action.options) do
		if option.require and data[key] == nil then self:add_critical_error(103, "Missing required option: " .. key, key) end
	end
	return action.work(self)
end

package.loaded["api/FunctionService"] = Service

-- ---

for line in io.stdin:lines() do
	local request = parse(line)
	-- Each request has a service of its own.
	local service = dofile(file)
	local one = setmetatable({ arguments = request.body, query_parameters = request.query, sid = request.sid }, service)
	local work = coroutine.create(function() one:run(request) end)
	local ok, answer = coroutine.resume(work)
	if not ok then answer = { code = 500, body = { success = false, errors = { { code = 150, error = tostring(answer), source = "Lua" } } } } end
	if answer == nil then answer = { code = 500, body = { success = false } } end
	io.stdout:write(stringify(answer), "\n")
	io.stdout:flush()
end
