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

ALL_CFLAGS = -std=c11 -D_XOPEN_SOURCE=700 $(WARNINGS) -fPIC -fvisibility=hidden -Isrc \
	$(call system,$(LIB_CFLAGS)) $(CPPFLAGS) $(CFLAGS) $(SANITIZE_FLAGS) $(LTO_FLAGS)

ifeq ($(shell uname -s),Darwin)
MODULE_FLAGS := -bundle -undefined dynamic_lookup
else
MODULE_FLAGS := -shared -Wl,--as-needed -Wl,-z,relro,-z,now $(if $(SANITIZE),-Wl$(comma)-z$(comma)nodelete)
endif
comma := ,
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
SRC_unit   := $(filter-out spec/unit/test_%.c,$(wildcard spec/unit/*.c))
UNIT_TESTS := $(patsubst spec/unit/%.c,%,$(wildcard spec/unit/test_*.c))
LUA_FILES  := $(shell cd lua 2>/dev/null && find . -name '*.lua' | sed 's,^\./,,' | sort)

object = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
ROOMS   := base model sql driver mysql db
OBJECTS := $(call object,$(foreach room,$(ROOMS) bind module unit,$(SRC_$(room))) $(wildcard spec/unit/test_*.c))

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
build: $(MODULES) mysql-note

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
$(BUILD)/obj/spec/unit/%.o: ROOM_CFLAGS = $(filter-out -l% -L%,$(CMOCKA_FLAGS))

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
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
$(foreach name,$(ROOMS) unit,$(eval $(call room,$(name))))

CORE_ROOMS := db sql model driver base
$(CORE): $(call object,$(SRC_bind)) $(CORE_ROOMS:%=$(BUILD)/lib%.a)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(MODULE_FLAGS) -o $@ $^ $(SQLITE_LIBS) $(BASE_LIBS) -lm

# The client stands in this object alone: an embedded user never loads it.
$(BUILD)/flexdb/mysql.so: $(call object,$(SRC_module) $(SRC_mysql)) $(BUILD)/libdriver.a $(BUILD)/libbase.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(MODULE_FLAGS) -o $@ $^ $(MYSQL_LIBS) $(BASE_LIBS) -lm

# ---------------------------------------------------------------- unit tests: a program for each spec/unit/test_*.c

# A test sees its own room and those below: test_sql_*, test_driver_*, test_db_*, any other the model.
# A first line `/* LDFLAGS: -Wl,--wrap=malloc */` adds to the link.
MYSQL_ROOM  := $(if $(filter yes,$(MYSQL)),mysql)
MYSQL_LINK  := $(if $(filter yes,$(MYSQL)),$(MYSQL_LIBS))
room_list   = $(if $(filter test_db_%,$(1)),db sql model driver $(MYSQL_ROOM) base,$(if $(filter test_driver_%,$(1)),driver $(MYSQL_ROOM) base,$(if $(filter test_sql_%,$(1)),sql model base,model base)))
room_libs   = $(if $(filter test_db_% test_driver_%,$(1)),$(SQLITE_LIBS) $(MYSQL_LINK))

define unit_program
$(BUILD)/unit/$(1): $(BUILD)/obj/spec/unit/$(1).o $(BUILD)/libunit.a $(patsubst %,$(BUILD)/lib%.a,$(call room_list,$(1)))
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK) -o $$@ $$^ $$$$(sed -n '1,5s,.*LDFLAGS: *\([^*]*\).*,\1,p' spec/unit/$(1).c) \
	  $$(CMOCKA_FLAGS) $$(call room_libs,$(1)) $$(BASE_LIBS) -lm -lpthread
endef
$(foreach name,$(UNIT_TESTS),$(eval $(call unit_program,$(name))))

-include $(OBJECTS:.o=.d)

# T= names one program: it is built with the archives that it needs and no others, and run.
.PHONY: unit unit-programs
unit: unit-programs
	@BUILD=$(BUILD) SANITIZE=$(SANITIZE) scripts/run-unit $(or $(T),$(UNIT_TESTS))
unit-programs: $(patsubst %,$(BUILD)/unit/%,$(or $(T),$(UNIT_TESTS)))

# ---------------------------------------------------------------- using it without installing it

LUA_PATH_HERE  := $(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;
LUA_CPATH_HERE := $(abspath $(BUILD))/?.so;;

.PHONY: env
env:
	@printf "export LUA_PATH='%s'\nexport LUA_CPATH='%s'\nexport PATH='%s':\"\$$PATH\"\n" \
	  '$(LUA_PATH_HERE)' '$(LUA_CPATH_HERE)' '$(abspath $(BUILD))/bin'

.PHONY: clean
clean:
	rm -rf $(BUILD)
