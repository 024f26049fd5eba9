# make run     installs what is missing, builds, runs the main job on one machine
# make test    the same for all tests
# make help    the rest
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

BUILD ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
B := build/$(BUILD)
Q := $(if $(V),,@)
PKGS := libcurl libcrypto libpq libevent inih expat jansson zlib

SRC := $(wildcard shared/*.c supervisor/*.c workers/*.c workers/local/*.c)
SQL := $(shell find sql -name '*.sql' 2>/dev/null | LC_ALL=C sort)
OBJ := $(SRC:%.c=$(B)/%.o) $(B)/gen/sql.o
LIB := $(B)/libdwh.a
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
FUZZ := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))

WARN := -Wall -Wextra -Wshadow -Wconversion -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wformat=2 -Wundef -Wvla \
	-Wswitch-enum -Wnull-dereference -Wimplicit-fallthrough
ifneq (,$(findstring gcc,$(notdir $(CC))))
WARN += -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wformat-signedness
endif
ifdef CI
WARN += -Werror
endif
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection \
	-ftrivial-auto-var-init=zero -fPIE
OPT_release := -O2 -g -D_FORTIFY_SOURCE=3 $(HARDEN)
OPT_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
OPT_plain := -O1 -g
OPT_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LINK_release := -pie -Wl,-z,relro,-z,now

CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -I. $(WARN) $(OPT_$(BUILD)) $(shell pkg-config --cflags $(PKGS)) $(CFLAGS)
LIBS = $(shell pkg-config --libs $(PKGS)) -lm
LINK = $(CC) $(CFLAGS_ALL) $(LINK_$(BUILD)) $(LDFLAGS)

.PHONY: all clean
all: $(B)/dwh
ifeq ($(BUILD),release)
all: build/dwh
build/dwh: $(B)/dwh
	@ln -f $< $@
endif

$(B)/dwh: $(B)/supervisor/main.o $(LIB)
	@echo "  LINK $@"
	$(Q)$(LINK) -o $@ $^ $(LIBS)

$(LIB): $(filter-out $(B)/supervisor/main.o,$(OBJ))
	@rm -f $@
	@echo "  AR   $@"
	$(Q)ar rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/gen/sql.o: $(B)/gen/sql.c
	@echo "  CC   $<"
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# The SQL files as one table of C strings; again when a file comes, goes or changes.
$(B)/gen/sql.c: sql/embed.awk $(SQL) $(B)/gen/sql.list
	$(Q)awk -f sql/embed.awk $(SQL) </dev/null >$@.tmp
	$(Q)mv $@.tmp $@
$(B)/gen/sql.list: FORCE
	@mkdir -p $(@D)
	@echo $(SQL) | cmp -s - $@ || echo $(SQL) >$@
FORCE:

$(B)/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(LINK) -MMD -MP -o $@ $< $(LIB) $(LIBS) -lcmocka

unit: $(UNIT)

clean:
	rm -rf build

-include $(OBJ:.o=.d)
