# make run        installs what is missing, builds, runs the main job on one machine
# make test       the same for all tests
# make test-peers other people's S3 server, S3 clients and Redshift grammar judge ours
# make            builds build/dwh
# make lint       format, rooms, banned functions, static analysis
# make torture    kill tests, ten times as many as in make test: 200 workers, 50 supervisors, 20 servers
# make fuzz       each parser of foreign bytes, FUZZ_SECONDS=30 each
# make valgrind   the unit tests under valgrind
# make bench      the load against Python, rclone, psql and DuckDB (RUNS=5 ONLY=python)
# make bench-limits  memory, latency, skew, listings, growth: what is bounded, and what it is
# make bench-safety  what exactly-once costs in processor time
# make bench-engines what it costs that the warehouse executes the COPY
# make bench-compact  what joining small objects saves a Redshift
# make fmt clean  as the names say
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

BUILD ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
B := build/$(BUILD)
Q := $(if $(V),,@)
PKGS := libcurl libssl libcrypto libpq libevent inih expat jansson zlib libzstd

SRC := $(wildcard shared/*.c supervisor/*.c workers/*.c workers/local/*.c)
SQL := $(shell find sql -name '*.sql' 2>/dev/null | LC_ALL=C sort)
OBJ := $(SRC:%.c=$(B)/%.o) $(B)/gen/sql.o
LIB := $(B)/libdwh.a
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
PEERS := $(patsubst tests/peers/%.c,$(B)/peers/%,$(wildcard tests/peers/*.c))
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
OPT_release := -O3 -g -D_FORTIFY_SOURCE=3 $(HARDEN)
OPT_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
OPT_plain := -O1 -g
OPT_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LINK_release := -pie -Wl,-z,relro,-z,now

CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -I. $(WARN) $(OPT_$(BUILD)) $(shell pkg-config --cflags $(PKGS)) $(CFLAGS)
LIBS = $(shell pkg-config --libs $(PKGS)) -lbz2 -lm
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

# ---- what a person does ----

.PHONY: run test unit torture fuzz peers test-peers lint fmt valgrind bench bench-limits bench-safety bench-engines bench-compact \
	deps deps-test deps-peers deps-bench \
	help FORCE

run: deps all
	build/dwh run $(ARGS)

# ---- tests ----

unit: $(UNIT)

$(B)/fuzz/%: tests/fuzz/%.c $(B)/fuzz/replay.o $(LIB)
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(LINK) -o $@ $< $(if $(filter fuzz,$(BUILD)),-fsanitize=fuzzer,$(B)/fuzz/replay.o) $(LIB) $(LIBS)
$(B)/fuzz/replay.o: tests/fuzz/replay.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

fuzz-targets: $(FUZZ)

# Tests wait more than they work, so several run at a time (JOBS=1: one by one): the quick judges
# first, then the long ones. One that hangs fails.
JOBS ?= 3
LIMIT := timeout --kill-after=30 900
FIRST := $(patsubst %,tests/run/%.t,unit corpus hangs quarantine display torture rerun_torn_journal \
	quarantine_local rerun_local every_engine faults kill_worker_keeps_counts in_doubt bench)

# Everything, under ASan and UBSan: unit tests, the corpora of the fuzz targets, whole runs.
test: deps deps-test
	$(MAKE) all
	$(MAKE) BUILD=asan all unit fuzz-targets
	DWH=$(CURDIR)/build/asan/dwh prove --timer --exec '$(LIMIT)' -j $(JOBS) $(FIRST) \
	    $(filter-out $(FIRST),$(wildcard tests/run/*.t)) $(PROVE)

$(B)/peers/%: tests/peers/%.c $(LIB)
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(LINK) -MMD -MP -o $@ $< $(LIB) $(LIBS)

peers: $(PEERS)

$(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(LINK) -o $@ $<

# Judges that nobody here wrote; a test whose programs are missing is skipped by name.
test-peers: deps deps-test deps-peers
	$(MAKE) BUILD=asan all peers
	DWH=$(CURDIR)/build/asan/dwh prove --timer $(wildcard tests/peers/*.t) $(PROVE)

# Quarter of an hour. TORTURE_SEED=N tries the same moments again.
torture: deps deps-test
	$(MAKE) BUILD=asan all
	DWH=$(CURDIR)/build/asan/dwh TORTURE="200 50 20" prove --timer -v tests/run/torture.t

# Each target for FUZZ_SECONDS, from its corpus; what it finds stays in build/fuzz.
FUZZ_SECONDS ?= 30
fuzz: deps deps-test
	$(MAKE) CC=clang BUILD=fuzz fuzz-targets
	@for t in $(notdir $(FUZZ)); do \
	    mkdir -p build/fuzz/found/$$t; echo "fuzz $$t, $(FUZZ_SECONDS) s"; \
	    build/fuzz/fuzz/$$t -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
	        -artifact_prefix=build/fuzz/found/$$t- build/fuzz/found/$$t tests/fuzz/corpus/$$t \
	        >build/fuzz/found/$$t.log 2>&1 || { tail -n 40 build/fuzz/found/$$t.log; exit 1; }; \
	    grep -E 'number_of_executed_units' build/fuzz/found/$$t.log; done

# Without pool, whose workers are /proc/self/exe: there, valgrind's own.
valgrind: deps-test
	$(MAKE) BUILD=plain unit
	@for t in $(filter-out pool,$(notdir $(UNIT))); do echo "valgrind $$t"; \
	    UNIT_SHORT=1 valgrind -q --error-exitcode=1 --leak-check=full \
	        build/plain/unit/$$t >build/plain/$$t.tap 2>&1 || { cat build/plain/$$t.tap; exit 1; }; done

bench: deps deps-bench all
	tests/bench/bench.sh
bench-limits: deps deps-bench all $(B)/bench/meter
	tests/bench/limits.sh
bench-safety: deps deps-test all
	tests/bench/safety.sh
bench-engines: deps deps-test all
	tests/bench/engines.sh
bench-compact: deps deps-test all
	tests/bench/compact.sh

# ---- order in the house ----

CODE := $(wildcard shared/*.[ch] supervisor/*.[ch] workers/*.[ch] workers/local/*.[ch] tests/*/*.[ch])
lint: deps-test $(B)/gen/sql.c
	@tests/lint.sh $(SRC)
fmt:
	clang-format -i $(CODE)

# ---- packages, by Debian's names ----

RUN_PACKAGES := gcc make pkg-config libcurl4-openssl-dev libssl-dev libpq-dev libevent-dev \
	libinih-dev libexpat1-dev libjansson-dev zlib1g-dev libbz2-dev libzstd-dev postgresql \
	postgresql-client ca-certificates
TEST_PACKAGES := libcmocka-dev perl curl jq python3 python3-boto3 python3-psycopg2 valgrind \
	clang clang-format clang-tidy cppcheck libclang-rt-14-dev shellcheck procps patch \
	chromium poppler-utils
PEER_PACKAGES := ceph-mon ceph-osd radosgw ceph-common awscli rclone s3cmd sqlfluff faketime

BENCH_PACKAGES := python3-boto3 python3-psycopg2 rclone nodejs npm jq procps

deps:
	@tests/deps.sh $(RUN_PACKAGES)
deps-test:
	@tests/deps.sh $(TEST_PACKAGES)
deps-peers:
	@tests/deps.sh $(PEER_PACKAGES)
deps-bench:
	@tests/deps.sh $(BENCH_PACKAGES)

help:
	@sed -n 's/^# make/make/p' Makefile

clean:
	rm -rf build

-include $(OBJ:.o=.d) $(B)/supervisor/main.d $(UNIT:=.d) $(PEERS:=.d)
