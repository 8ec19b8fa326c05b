# FlexDB. `make` alone prints what can be made. Needs GNU make 3.81 or newer.
#
# Knobs: CC, CFLAGS, LTO=1, V=1 (print the commands), BUILD=folder, MYSQL=no, PREFIX, DESTDIR.

.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:

BUILD   ?= build
PREFIX  ?= /usr/local
CFLAGS  ?= -O2 -g
JOBS    ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
PKG_CONFIG ?= pkg-config

ifeq ($(shell command -v bash 2>/dev/null),)
$(error bash is missing, which the scripts of this build need (Alpine: apk add bash))
endif
ifeq ($(origin CC),default)
CC := $(if $(shell command -v gcc 2>/dev/null),gcc,cc)
endif

# ---------------------------------------------------------------- what is on this machine

pkg    = $(shell $(PKG_CONFIG) $(1) $(2) 2>/dev/null)
found  = $(firstword $(foreach name,$(1),$(if $(shell $(PKG_CONFIG) --exists $(name) 2>/dev/null && echo yes),$(name))))
# Headers that are not ours are system headers: their warnings are not ours either.
system = $(patsubst -I%,-isystem %,$(1))

LUA_PACKAGE := $(call found,lua5.4 lua-5.4 lua54 lua)
LUA         ?= $(firstword $(foreach name,lua5.4 lua54 lua-5.4 lua,$(if $(shell command -v $(name) 2>/dev/null),$(name))))
LUA_LIBS    ?= $(or $(call pkg,--libs,$(LUA_PACKAGE)),-llua)
LUA_CFLAGS  ?= $(if $(LUA_INCDIR),-I$(LUA_INCDIR),$(call pkg,--cflags,$(LUA_PACKAGE)))

LIB_PACKAGES := libcjson libpcre2-8
CJSON_ROOT   := $(filter-out /usr/include,$(call pkg,--variable=includedir,libcjson))
LIB_CFLAGS   ?= $(if $(CJSON_ROOT),-I$(CJSON_ROOT)) $(call pkg,--cflags,$(LIB_PACKAGES) sqlite3)
BASE_LIBS    ?= $(call pkg,--libs,$(LIB_PACKAGES))
SQLITE_LIBS  ?= $(call pkg,--libs,sqlite3)
CMOCKA_FLAGS ?= $(call system,$(call pkg,--cflags --libs,cmocka))

MYSQL_PACKAGE := $(call found,mysqlclient libmariadb)
MYSQL_CFLAGS  ?= $(if $(MYSQL_PACKAGE),$(call pkg,--cflags,$(MYSQL_PACKAGE)))
MYSQL_LIBS    ?= $(if $(MYSQL_PACKAGE),$(call pkg,--libs,$(MYSQL_PACKAGE)),-lmysqlclient)
ifeq ($(origin MYSQL),undefined)
MYSQL := $(shell printf '\043include <mysql/mysql.h>' | $(CC) $(MYSQL_CFLAGS) -x c -fsyntax-only - 2>/dev/null && echo yes || echo no)
endif

# ---------------------------------------------------------------- flags

WARNINGS := -Wall -Wextra -Wshadow -Wconversion $(if $(WERROR),-Werror)
SANITIZE_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
LTO_FLAGS := $(if $(filter 1 yes,$(LTO)),-flto)
AR := $(if $(LTO_FLAGS),$(if $(findstring clang,$(CC)),llvm-ar,gcc-ar),ar)

ALL_CFLAGS = -std=c11 -D_XOPEN_SOURCE=700 $(WARNINGS) -fPIC $(NO_PLT) -fvisibility=hidden -Isrc \
	$(call system,$(LIB_CFLAGS)) $(CPPFLAGS) $(CFLAGS) $(SANITIZE_FLAGS) $(LTO_FLAGS)

comma := ,
ifeq ($(shell uname -s),Darwin)
MODULE_FLAGS := -bundle -undefined dynamic_lookup
else
# A record takes about a hundred calls of Lua's API: each saves a jump.
NO_PLT       := -fno-plt
MODULE_FLAGS := -shared -Wl,--as-needed -Wl,-z,relro,-z,now $(if $(SANITIZE),-Wl$(comma)-z$(comma)nodelete)
STAY_LOADED  := -Wl,-z,nodelete
endif
LINK = $(CC) $(CFLAGS) $(SANITIZE_FLAGS) $(LTO_FLAGS) $(LDFLAGS)

# ---------------------------------------------------------------- the rooms: a new file in a folder needs no line here

SRC_base   := $(wildcard src/base/*.c)
SRC_model  := $(wildcard src/model/*.c src/model/*/*.c)
SRC_sql    := $(wildcard src/sql/*.c src/sql/*/*.c)
SRC_driver := $(wildcard src/driver/*.c src/driver/sqlite/*.c)
SRC_mysql  := $(wildcard src/driver/mysql/*.c)
SRC_db     := $(wildcard src/*.c src/db/*.c src/db/*/*.c)
SRC_bind   := $(filter-out src/bind/mysql_module.c,$(wildcard src/bind/*.c))
SRC_module := $(wildcard src/bind/mysql_module.c)
SRC_fuzz   := $(filter-out spec/fuzz/libfuzzer.c,$(wildcard spec/fuzz/*.c)) spec/unit/comparable.c
SRC_unit   := $(filter-out spec/unit/test_%.c,$(wildcard spec/unit/*.c))
UNIT_TESTS := $(patsubst spec/unit/%.c,%,$(wildcard spec/unit/test_*.c))
LUA_FILES  := $(shell cd lua 2>/dev/null && find . -name '*.lua' | sed 's,^\./,,' | sort)

object = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
ROOMS   := base model sql driver mysql db
OBJECTS := $(call object,$(foreach room,$(ROOMS) bind module unit fuzz,$(SRC_$(room))) $(wildcard spec/unit/test_*.c) \
	spec/fuzz/libfuzzer.c)

CORE    := $(BUILD)/flexdb/core.so
MODULES := $(CORE) $(if $(filter yes,$(MYSQL)),$(BUILD)/flexdb/mysql.so)

ifeq ($(V),)
Q := @
say = @printf '  %-5s %s\n' "$(1)" "$(2)"
else
say = @:
endif

# ---------------------------------------------------------------- building

.PHONY: build
build: $(MODULES) $(BUILD)/bin/flexdb mysql-note

.PHONY: mysql-note
mysql-note:
ifneq ($(MYSQL),yes)
	@scripts/note "MySQL IS LEFT OUT" \
	  "mysql/mysql.h was not found, so flexdb/mysql.so is not built:" \
	  "mysql:// URLs will not open. SQLite works." \
	  "Debian, Ubuntu: apt-get install libmariadb-dev libmariadb-dev-compat" >&2
endif

# Changes when a flag changes, so that everything is built anew then and only then.
FLAGS_TEXT = $(CC) $(ALL_CFLAGS) $(LUA_CFLAGS) $(MYSQL_CFLAGS) $(LDFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@printf '%s\n' '$(subst ','\'',$(FLAGS_TEXT))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(FLAGS_TEXT))' > $@
.PHONY: FORCE
FORCE:

$(call object,$(SRC_bind)): ROOM_CFLAGS = $(call system,$(LUA_CFLAGS))
$(call object,$(SRC_module)): ROOM_CFLAGS = $(call system,$(LUA_CFLAGS))
$(call object,$(SRC_mysql)): ROOM_CFLAGS = $(call system,$(MYSQL_CFLAGS))
$(BUILD)/obj/spec/unit/%.o: ROOM_CFLAGS = $(filter-out -l% -L%,$(CMOCKA_FLAGS)) $(call system,$(LUA_CFLAGS)) $(if $(filter yes,$(MYSQL)),-DFLEXDB_TEST_MYSQL=1)

# Before the first object: says which packages are missing, instead of a page of errors.
$(BUILD)/checked:
	@scripts/bootstrap --check build
	@mkdir -p $(BUILD) && touch $@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(BUILD)/checked
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(ROOM_CFLAGS) -MMD -MP -c -o $@ $<

# One archive a room. The list of members is a prerequisite, so that a deleted file leaves its archive too.
define room
$(BUILD)/lib$(1).a: $(call object,$(SRC_$(1))) $(BUILD)/$(1).members
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$(filter %.o,$$^)
$(BUILD)/$(1).members: FORCE
	@mkdir -p $$(@D)
	@echo '$(SRC_$(1))' | cmp -s - $$@ || echo '$(SRC_$(1))' > $$@
endef
$(foreach name,$(ROOMS) bind unit fuzz,$(eval $(call room,$(name))))

CORE_ROOMS := db sql model driver base
$(CORE): $(call object,$(SRC_bind)) $(CORE_ROOMS:%=$(BUILD)/lib%.a)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(MODULE_FLAGS) -o $@ $^ $(SQLITE_LIBS) $(BASE_LIBS) -lm -lpthread

# The client stands in this object alone: an embedded user never loads it. Once loaded it stays: the client and what it
# brings along are set up once a process, and must not be unloaded when a Lua state closes.
$(BUILD)/flexdb/mysql.so: $(call object,$(SRC_module) $(SRC_mysql)) $(BUILD)/libdriver.a $(BUILD)/libbase.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(MODULE_FLAGS) $(STAY_LOADED) -o $@ $^ $(MYSQL_LIBS) $(BASE_LIBS) -lm

# The command, run by the Lua that was found here.
$(BUILD)/bin/flexdb: bin/flexdb $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)sed '1s,.*,#!$(or $(shell command -v $(LUA) 2>/dev/null),/usr/bin/env lua5.4),' $< > $@ && chmod 755 $@

# ---------------------------------------------------------------- unit tests: a program for each spec/unit/test_*.c

# A test sees its own room and those below: test_sql_*, test_driver_*, test_db_*, test_bind_* (with a Lua inside), any
# other the model.
# A first line `/* LDFLAGS: -Wl,--wrap=malloc */` adds to the link.
MYSQL_ROOM  := $(if $(filter yes,$(MYSQL)),mysql)
MYSQL_LINK  := $(if $(filter yes,$(MYSQL)),$(MYSQL_LIBS))
room_list   = $(if $(filter test_db_fuzz,$(1)),fuzz) $(if $(filter test_bind_%,$(1)),bind db sql model driver base,$(if $(filter test_db_%,$(1)),db sql model driver $(MYSQL_ROOM) base,$(if $(filter test_driver_%,$(1)),driver $(MYSQL_ROOM) base,$(if $(filter test_sql_%,$(1)),sql model base,model base))))
room_libs   = $(if $(filter test_bind_%,$(1)),$(SQLITE_LIBS) $(LUA_LIBS))$(if $(filter test_db_% test_driver_%,$(1)),$(SQLITE_LIBS) $(MYSQL_LINK))

define unit_program
$(BUILD)/unit/$(1): $(BUILD)/obj/spec/unit/$(1).o $(BUILD)/libunit.a $(patsubst %,$(BUILD)/lib%.a,$(call room_list,$(1)))
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK) -o $$@ $$^ $$$$(sed -n '1,5s,.*LDFLAGS: *\([^*]*\).*,\1,p' spec/unit/$(1).c) \
	  $$(CMOCKA_FLAGS) $$(call room_libs,$(1)) $$(BASE_LIBS) -lm -lpthread
endef
$(foreach name,$(UNIT_TESTS),$(eval $(call unit_program,$(name))))

# T= names one program: it is built with the archives that it needs and no others, and run.
.PHONY: unit unit-programs
unit: unit-programs
	@BUILD='$(BUILD)' SANITIZE='$(SANITIZE)' \
	  $(if $(filter test_db_% test_driver_%,$(or $(T),$(UNIT_TESTS))),spec/support/mariadb.sh) \
	  scripts/run-unit $(or $(T),$(UNIT_TESTS))
unit-programs: $(patsubst %,$(BUILD)/unit/%,$(or $(T),$(UNIT_TESTS)))

# ---------------------------------------------------------------- using it without installing it

# In front of the user's own paths; Lua 5.4 reads LUA_PATH_5_4 where there is one, and LUA_PATH only where there is none.
quote      = '$(subst ','\'',$(1))'
lua_path   = $(call quote,$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua)";$${LUA_PATH_5_4-$${LUA_PATH-;;}}"
lua_cpath  = $(call quote,$(abspath $(BUILD))/?.so)";$${LUA_CPATH_5_4-$${LUA_CPATH-;;}}"
shell_path = $(call quote,$(abspath $(BUILD))/bin):"$$PATH"
HERE       = LUA_PATH_5_4=$(lua_path) LUA_CPATH_5_4=$(lua_cpath) PATH=$(shell_path) \
	BUILD=$(call quote,$(BUILD)) LUA='$(LUA)' SANITIZE='$(SANITIZE)'

.PHONY: env
env:
	@printf '%s\n' $(call quote,export LUA_PATH=$(lua_path)) $(call quote,export LUA_CPATH=$(lua_cpath)) \
	  'unset LUA_PATH_5_4 LUA_CPATH_5_4' $(call quote,export PATH=$(shell_path))

# What is missing is installed first; a second make then looks at the machine as it is after that.
SUBMAKE = +@$(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: demo
demo:
	@scripts/bootstrap demo
	$(SUBMAKE) build
	$(SUBMAKE) run-demo
.PHONY: run-demo
run-demo:
	@$(HERE) $(LUA) examples/movies.lua $(ARGS)

# ---------------------------------------------------------------- tests

.PHONY: test
test:
	@scripts/bootstrap test
	$(SUBMAKE) build unit-programs
	$(SUBMAKE) run-tests
.PHONY: run-tests
run-tests:
	@$(HERE) scripts/test $(UNIT_TESTS)

# F= names one spec (or several), ARGS= goes to busted.
.PHONY: spec
spec: build
	@$(HERE) spec/support/mariadb.sh scripts/busted $(ARGS) $(F)

.PHONY: sanitize
sanitize:
	@scripts/bootstrap test
	$(SUBMAKE) test CC=gcc BUILD=build/sanitize SANITIZE=address,undefined CFLAGS='-O1 -g'

.PHONY: valgrind
valgrind:
	@scripts/bootstrap test valgrind
	$(SUBMAKE) build unit-programs
	@FLEXDB_TEST_VALGRIND=1 $(HERE) scripts/test $(UNIT_TESTS)

# ---------------------------------------------------------------- fuzzing

# One program holds all targets; the environment names the one that runs.
FUZZ_FLAGS = CC=clang BUILD=build/fuzz SANITIZE=address,undefined CFLAGS='-O1 -g -fsanitize=fuzzer-no-link'

.PHONY: fuzz
fuzz:
	@scripts/fuzz --check
	$(SUBMAKE) $(FUZZ_FLAGS) build/fuzz/fuzzer
	@FUZZ='$(FUZZ)' SECONDS_EACH='$(SECONDS)' LUA='$(LUA)' scripts/fuzz

$(BUILD)/fuzzer: $(call object,spec/fuzz/libfuzzer.c) $(patsubst %,$(BUILD)/lib%.a,fuzz db sql model driver base)
	$(call say,LINK,$@)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $^ $(SQLITE_LIBS) $(BASE_LIBS) -lm -lpthread

# ---------------------------------------------------------------- lint

C_FILES   = $(wildcard src/*.[ch] src/*/*.[ch] src/*/*/*.[ch] spec/unit/*.[ch] spec/fuzz/*.[ch] bench/*.[ch])
LUA_DIRS  = $(wildcard lua spec examples bench)

.PHONY: lint
lint:
	@scripts/bootstrap test lint
	@echo '-- the house: includes, SQL text, lengths'
	@$(LUA) scripts/lint-house.lua --self-test
	@$(LUA) scripts/lint-house.lua .
	@echo '-- luacheck'
	@luacheck --quiet --no-color $(LUA_DIRS) bin/flexdb scripts .busted .luacheckrc $(wildcard rockspec/*.rockspec)
	@echo '-- clang-format'
	@$(if $(C_FILES),clang-format --dry-run -Werror $(C_FILES))
	@echo '-- gcc -Werror'
	$(SUBMAKE) objects CC=gcc WERROR=1 BUILD=build/lint/gcc
	@echo '-- clang -Werror'
	$(SUBMAKE) objects CC=clang WERROR=1 BUILD=build/lint/clang
	@echo '-- modules: exports, libraries, global state'
	$(SUBMAKE) build
	@scripts/lint-modules $(MODULES)
	@echo 'lint: clean'

.PHONY: objects
objects: $(OBJECTS) $(call object,$(wildcard bench/*.c))

.PHONY: format
format:
	clang-format -i $(C_FILES)

# ---------------------------------------------------------------- bench

# Each bench/*.c is a program: the limit to measure against (the engines' libraries alone), the core without Lua, or a
# writer by the C API.
BENCH_PROGRAMS := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))
$(BUILD)/obj/bench/%.o: ROOM_CFLAGS = $(call system,$(LUA_CFLAGS) $(MYSQL_CFLAGS))
$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(patsubst %,$(BUILD)/lib%.a,db sql model driver $(MYSQL_ROOM) base)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(SQLITE_LIBS) $(MYSQL_LINK) $(BASE_LIBS) -lm -lpthread

.PHONY: bench
bench:
	@scripts/bootstrap test bench
	$(SUBMAKE) build bench-programs
	@bench/peers/install '$(BUILD)/peers'
	@FLEXDB_DURABLE_MARIADB=1 $(HERE) spec/support/mariadb.sh $(LUA) bench/run.lua $(ARGS)
.PHONY: bench-programs
bench-programs: $(BENCH_PROGRAMS)
	@:

# ---------------------------------------------------------------- installing

LUA_VERSION := 5.4
LUADIR ?= $(PREFIX)/share/lua/$(LUA_VERSION)
LIBDIR ?= $(PREFIX)/lib/lua/$(LUA_VERSION)
BINDIR ?= $(PREFIX)/bin
# Left out where they are empty.
MANDIR ?= $(PREFIX)/share/man/man1
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions

.PHONY: install
install: build
	@for file in $(LUA_FILES); do \
	  install -d '$(DESTDIR)$(LUADIR)'/"$$(dirname $$file)" && \
	  install -m 644 lua/$$file '$(DESTDIR)$(LUADIR)'/$$file || exit 1; done
	@install -d '$(DESTDIR)$(LIBDIR)/flexdb'
	@for file in $(MODULES); do install -m 755 $$file '$(DESTDIR)$(LIBDIR)/flexdb/' || exit 1; done
	@install -d '$(DESTDIR)$(BINDIR)' && install -m 755 $(BUILD)/bin/flexdb '$(DESTDIR)$(BINDIR)/flexdb'
ifneq ($(MANDIR),)
	@install -d '$(DESTDIR)$(MANDIR)' && install -m 644 docs/flexdb.1 '$(DESTDIR)$(MANDIR)/flexdb.1'
endif
ifneq ($(COMPLETIONDIR),)
	@install -d '$(DESTDIR)$(COMPLETIONDIR)'
	@$(HERE) $(BUILD)/bin/flexdb help --completion > $(BUILD)/flexdb.bash
	@install -m 644 $(BUILD)/flexdb.bash '$(DESTDIR)$(COMPLETIONDIR)/flexdb'
endif
	@echo 'installed in $(DESTDIR)$(LUADIR), $(DESTDIR)$(LIBDIR) and $(DESTDIR)$(BINDIR)'

.PHONY: uninstall
uninstall:
	@for file in $(LUA_FILES); do rm -f '$(DESTDIR)$(LUADIR)'/$$file; done
	@rm -f '$(DESTDIR)$(LIBDIR)/flexdb/core.so' '$(DESTDIR)$(LIBDIR)/flexdb/mysql.so' '$(DESTDIR)$(BINDIR)/flexdb'
	@rm -f $(if $(MANDIR),'$(DESTDIR)$(MANDIR)/flexdb.1') $(if $(COMPLETIONDIR),'$(DESTDIR)$(COMPLETIONDIR)/flexdb')
	@for folder in '$(DESTDIR)$(LUADIR)/flexdb' '$(DESTDIR)$(LIBDIR)/flexdb'; do \
	  if [ -d "$$folder" ]; then find "$$folder" -depth -type d -empty -delete; fi; done
	@echo 'removed from $(DESTDIR)$(LUADIR), $(DESTDIR)$(LIBDIR) and $(DESTDIR)$(BINDIR)'

.PHONY: check-rock
check-rock:
	@scripts/bootstrap rock
	@scripts/check-rock

# ---------------------------------------------------------------- the rest

.PHONY: clean
clean:
	rm -rf $(BUILD)

.PHONY: help
help:
	@echo 'FlexDB: tables that Lua scripts define, fill and change'
	@echo
	@echo '  make demo       build, and run the movie workflow (examples/movies.lua)'
	@echo '  make test       build, and run every test'
	@echo '                  Both install what is missing (apt), or say what to install.'
	@echo
	@echo '  make build      the Lua modules, in build/'
	@echo '  make env        print the settings with which lua5.4 and the shell find them:'
	@echo '                  eval "$$(make -s env)"'
	@echo '  make install    install under PREFIX=$(PREFIX) (DESTDIR= for a package)'
	@echo '  make uninstall  remove what install has put there'
	@echo
	@echo '  make unit       the C tests      T=test_decimal     one of them'
	@echo '  make spec       the Lua specs    F=spec/x_spec.lua  one of them'
	@echo '  make lint       layers, luacheck, clang-format, warnings of gcc and clang'
	@echo '  make sanitize   every test under the address, undefined and leak sanitizers'
	@echo '  make valgrind   every test under valgrind'
	@echo '  make fuzz       random input under the sanitizers  FUZZ=query SECONDS=60'
	@echo '  make check-rock install with LuaRocks into a temporary tree, and use it'
	@echo '  make bench      measure against plain C, LuaSQL and peers from npm'
	@echo '  make format     lay the C files out as .clang-format says'
	@echo '  make clean      remove build/'
	@echo
	@echo '  Knobs: CC, CFLAGS, LTO=1, V=1 (print the commands), BUILD=folder, MYSQL=no'

-include $(OBJECTS:.o=.d) $(patsubst bench/%.c,$(BUILD)/obj/bench/%.d,$(wildcard bench/*.c))
