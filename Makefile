# One command for each thing a person wants to do. `make help` lists them.
.PHONY: help demo test screens check bench build generate feed pm release runtime clean needs

NODE_MODULES := node_modules/.package-lock.json

help:            ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

$(NODE_MODULES): package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

needs: $(NODE_MODULES)
	@sh scripts/needs.sh

demo: needs      ## the real daemon on a virtual router: real packets, a story in the terminal, the phone app
	@npm run -s build
	@npm run -s demo -- $(ARGS)

test: needs      ## everything: types, lint, unit, fuzz, end to end; last line: N passed, N failed, N skipped
	@npm run -s test -- $(ARGS)

screens: needs   ## pictures of the LuCI pages, light, dark and as on a phone, in build/screens; all themes with LUCI_ROOT=/path/to/luci
	@npm run -s build
	@node_modules/.bin/tsx test/luci/look.ts --screens build/screens $(ARGS)

check: $(NODE_MODULES)   ## types and lint only
	@npm run -s check

bench: needs     ## one bench: make bench NAME=failover (failover, detectors, steer, footprint, mips, bus, soak, sensors, outlets, forecast, replay, tune, sizes)
	@npm run -s build
	@npm run -s bench -- $(NAME) $(ARGS)

build: $(NODE_MODULES)   ## build/autonomyd.node.mjs and the parts beside it
	@npm run -s build

generate: $(NODE_MODULES) ## config file and reference pages from contract/
	@npm run -s generate

# What the packages are made from. build-luci.mjs sweeps its folder first, so these go one after the other.
define BUILD_ALL
@npm run -s build
@node scripts/build-luci.mjs
@node scripts/build-vuci.mjs
endef

feed: $(NODE_MODULES)    ## packages and signed indexes for opkg and apk, in build/feed; ARGS=--help for keys and more
	$(BUILD_ALL)
	@node_modules/.bin/tsx scripts/feed/feed.ts feed $(ARGS)

pm: $(NODE_MODULES)      ## archive for RutOS's Package Manager page: make pm ROUTER=RUTX FIRMWARE=00.07.20
	$(BUILD_ALL)
	@ROUTER='$(ROUTER)' FIRMWARE='$(FIRMWARE)' node_modules/.bin/tsx scripts/feed/feed.ts pm $(ARGS)

release: $(NODE_MODULES) ## archive with the built JavaScript, a feed for OpenWrt's SDK
	$(BUILD_ALL)
	@node_modules/.bin/tsx scripts/feed/feed.ts release $(ARGS)

runtime:         ## static qjs, fping and socat for routers: make runtime ARCH=mipsel_24kc (or all); make feed packs them
	@sh scripts/runtime.sh '$(ARCH)'

clean:           ## removes what the build made
	rm -rf build
