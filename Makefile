# excite. `make help` lists the targets.
#
# Everything is built in two precisions, float and double, which never mix.

CXX      ?= g++
MARCH    ?= native
OPTIMIZE ?= -O3
BUILD    ?= build
PREFIX   ?= /usr/local
VERSION  := 0.2.0

ifeq ($(origin CXX),default)
CXX := g++
endif

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wdouble-promotion
FLAGS    := -std=c++20 $(OPTIMIZE) -march=$(MARCH) $(WARNINGS) -pthread -I. \
            -DEXCITE_VERSION='"$(VERSION)"' $(EXTRA)
LIBS     := -lopenblas -lwebp -pthread

# The library: the four folders of the framework, data and training. The rest of tools is the program.
LIBRARY  := $(sort $(foreach d,core autograd layers models,$(wildcard $(d)/*.cpp $(d)/*/*.cpp)) \
              $(wildcard tools/data/*.cpp tools/training/*.cpp))
PROGRAM  := $(sort $(wildcard tools/*.cpp tools/*/*.cpp tools/*/*/*.cpp))
PROGRAM  := $(filter-out tools/examples/% tools/bench/balance/% $(LIBRARY),$(PROGRAM))
# With MPI=1 this file takes the place of without_mpi.cpp. Nothing else knows MPI.
WITH_MPI := tools/mpi/with_mpi.cpp
PROGRAM  := $(filter-out $(WITH_MPI),$(PROGRAM))
TESTS    := $(sort $(wildcard tests/*.cpp tests/*/*.cpp tests/*/*/*.cpp tests/*/*/*/*.cpp))
TESTS    := $(filter-out tests/consumer/% tests/faults/%,$(TESTS))

.PHONY: all help examples install shared install-shared clean packages test-packages train \
        record debug \
        reference balance test test-bare test-long test-night test-clang test-other test-sanitized \
        test-sanitized-double test-valgrind cifar10 format golden parity \
        test-threads fuzz test-arm64 test-arm64-run exercises exercise hint check study study-report
.DELETE_ON_ERROR:
.SECONDARY:

PROGRAMS  := $(BUILD)/excite $(BUILD)/excite-double
LIBRARIES := $(BUILD)/libexcite.a $(BUILD)/libexcite-double.a
all: $(PROGRAMS) $(LIBRARIES)  ## builds both programs and both libraries

help:  ## lists the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 24
	@echo
	@echo 'CXX=clang++ chooses the compiler, BUILD=dir the folder, MARCH=x86-64-v3 older machines.'

# ---- building ----

# Everything is compiled again when the compiler or its flags change: only then does this file.
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@echo '$(CXX) $(FLAGS)' | cmp -s - $@ || echo '$(CXX) $(FLAGS)' > $@
.PHONY: force

# Files that use no real numbers are compiled once, for both precisions (an include of
# core/real.h in one of them is an error). All others are compiled in float and in double.
COMMON := $(wildcard core/images/*.cpp tools/data/au*.cpp tools/data/builtin.cpp) \
          $(patsubst %,core/%.cpp,available_cores control_groups memory_budget memory_parts) \
          $(patsubst %,core/%.cpp,parallel random ranks shape shared_batch subtrees text tree_sum) \
          $(patsubst %,core/files/%.cpp,atomic_file crc file_kind input_file json \
            safetensors_header text_file) \
          autograd/schedule.cpp models/interop/onnx_file.cpp models/interop/protobuf.cpp \
          $(patsubst %,tools/bench/profile/%.cpp,op_summary trace) \
          $(patsubst %,tools/commands/%.cpp,command_line curves default_weights error_line) \
          $(patsubst %,tools/commands/%.cpp,help_format images) \
          $(patsubst %,tools/commands/%.cpp,label_placement markup) \
          $(patsubst %,tools/commands/%.cpp,number_options output parse_errors plot progress_bar) \
          $(patsubst %,tools/commands/%.cpp,data event_file rank_data recipes) \
          $(patsubst %,tools/commands/%.cpp,next_commands roofline roofline_drawing shared_options) \
          $(patsubst %,tools/commands/%.cpp,signals svg) \
          $(patsubst %,tools/data/%.cpp,batch_range check_data cifar csv dataset figures file_tree) \
          $(patsubst %,tools/data/%.cpp,folder image_cache label_file labeled_files load name_form) \
          $(patsubst %,tools/data/%.cpp,prefetch resize_crop validation_split) \
          tools/graph/op_sources.cpp tools/report/data_uri.cpp tools/report/page.cpp \
          $(wildcard tools/study/*.cpp) \
          $(patsubst %,tools/training/%.cpp,log own_samples progress run_folder statistics) \
          tools/main.cpp tools/small_reserve.cpp $(wildcard tools/mpi/*.cpp) \
          $(patsubst %,tests/%_test.cpp,debugger prose readme autograd/schedule) \
          $(patsubst %,tests/core/%_test.cpp,available_cores background memory_budget parallel) \
          $(patsubst %,tests/core/%_test.cpp,random shape text tree_sum) \
          $(patsubst %,tests/core/files/%_test.cpp,atomic_file crc file_kind input_file json) \
          tests/core/files/text_file_test.cpp tests/tools/data/cifar_test.cpp \
          tests/tools/data/validation_split_test.cpp \
          $(filter-out %/resize_test.cpp,$(wildcard tests/core/images/*.cpp)) \
          $(patsubst %,tests/tools/bench/%_test.cpp,profile/op_summary profile/trace scaling/scaling) \
          $(patsubst %,tests/tools/commands/%_test.cpp,bench default_weights help images main) \
          $(patsubst %,tests/tools/commands/%_test.cpp,plot progress_bar roofline summary train) \
          $(patsubst %,tests/tools/commands/%_test.cpp,lr_find train_interrupted) \
          tests/tools/exercises/exercises_test.cpp $(wildcard tests/tools/mpi/*_test.cpp) \
          $(patsubst %,tests/tools/scripts/%_test.cpp,cifar10 fetch help_pages packages reference) \
          $(patsubst %,tests/tools/training/%_test.cpp,includes log progress run_folder)
objects = $(patsubst %.cpp,$(BUILD)/common/%.o,$(filter $(COMMON),$(2))) \
          $(patsubst %.cpp,$(BUILD)/$(1)/%.o,$(filter-out $(COMMON),$(2)))

# What depends on no precision is tested once, in float: files without real numbers, installation,
# names of weights, drawings, and of the program all but the files whose numbers matter.
NUMBERS_MATTER := $(patsubst %,tests/tools/commands/%_test.cpp,format_0_1_0 gradcheck inspect \
                    not_finite op_cases op_cases_second_order tensor_files) \
                  $(wildcard tests/tools/bench/profile/*_test.cpp) tests/tools/bench/limits_test.cpp \
                  $(patsubst %,tests/tools/data/%_test.cpp,batch mixing normalization tensor_batches) \
                  $(patsubst %,tests/tools/training/%_test.cpp,checkpoint local_batch_norm metrics) \
                  $(patsubst %,tests/tools/training/%_test.cpp,step weight_average whitening)
FLOAT_ONLY := $(filter %_test.cpp,$(filter $(COMMON),$(TESTS))) tests/support/browser.cpp \
              $(filter-out $(NUMBERS_MATTER),$(filter tests/tools/%_test.cpp,$(TESTS))) \
              $(wildcard tests/*_test.cpp tests/models/interop/*_test.cpp tests/fuzz/*.cpp) \
              $(patsubst %,tests/%_test.cpp,core/precision core/files/safetensors_rules) \
              $(patsubst %,tests/models/%_test.cpp,counts zoo/inception_counts)
TESTS_IN_DOUBLE := $(filter-out $(FLOAT_ONLY),$(TESTS))

# Quick compilation matters more than quick code outside the kernels and the data pipeline.
in = $(BUILD)/common/$(1)/%.o $(BUILD)/float/$(1)/%.o $(BUILD)/double/$(1)/%.o
$(call in,core/files) $(call in,models): LEVEL := -O1
$(call in,tools):                        LEVEL := -Og
$(call in,tools/data):                   LEVEL :=
$(call in,tools/bench):                  LEVEL :=
$(call in,tests):                        LEVEL := -O0
$(call in,tests/golden):                 LEVEL :=

# `excite graph` shows the source of each operation.
OP_SOURCES := $(wildcard autograd/*.cpp autograd/fused/*.cpp)
$(BUILD)/generated/op_sources.inc: tools/scripts/op-sources $(OP_SOURCES)
	@mkdir -p $(@D)
	@bash $^ > $@
$(BUILD)/common/tools/graph/op_sources.o: GENERATED := -I$(BUILD)/generated
$(BUILD)/common/tools/graph/op_sources.o: $(BUILD)/generated/op_sources.inc

# In crafted JPEG files the sums of coefficients exceed an int. stb_image uses their low 16 bits
# alone, so wrapping around is right, but without this it would be undefined. After the end of a
# scan, it shifts zeros by 32 bits and more.
$(BUILD)/common/core/images/stb_decoder.o: OVERFLOW := -fwrapv -fno-sanitize=shift-exponent

# The headers of the standard library are compiled once for each level of optimization, those of the
# tests with GoogleTest; all files read them. clang++ and ccache do without.
PCH := $(if $(filter clang% ccache%,$(notdir $(CXX))),,yes)
ifdef PCH
STANDARD   := $(patsubst %,$(BUILD)/tools/standard.h.gch/level%,$(sort $(OPTIMIZE) -O1 -Og))
PREINCLUDE := -include $(BUILD)/tools/standard.h
$(call in,tests):      PREINCLUDE := -include $(BUILD)/tests/pch.h
$(call in,tests/golden) $(call in,tests/faults): PREINCLUDE :=
# Without collecting its garbage, g++ compiles the tests in 13 % less time, in 5 % more memory.
$(call in,tests): LEVEL := -O0 --param ggc-min-heapsize=1000000
$(BUILD)/common/core/images/stb_decoder.o:       PREINCLUDE :=
$(call objects,float,$(TESTS)) $(call objects,double,$(TESTS)): | $(BUILD)/tests/pch.h.gch
endif
$(BUILD)/tests/pch.h.gch: tests/pch.h tools/standard.h $(BUILD)/flags | $(BUILD)/packages-found
	@mkdir -p $(@D)
	$(CXX) $(FLAGS) -O0 -c $< -o $@
$(BUILD)/tools/standard.h.gch/level%: tools/standard.h $(BUILD)/flags | $(BUILD)/packages-found
	@mkdir -p $(@D)
	$(CXX) $(FLAGS) $* -c $< -o $@

COMPILE = $(CXX) $(FLAGS) $(LEVEL) $(OVERFLOW) $(GENERATED) $(PREINCLUDE) -MMD -MP -c $< -o $@
$(BUILD)/common/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-found $(STANDARD)
	@mkdir -p $(@D)
	$(COMPILE) -DEXCITE_NO_REAL
$(BUILD)/float/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-found $(STANDARD)
	@mkdir -p $(@D)
	$(COMPILE)
$(BUILD)/double/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-found $(STANDARD)
	@mkdir -p $(@D)
	$(COMPILE) -DEXCITE_DOUBLE

$(BUILD)/libexcite.a: $(call objects,float,$(LIBRARY))
$(BUILD)/libexcite-double.a: $(call objects,double,$(LIBRARY))
$(LIBRARIES):
	@rm -f $@; ar rcs $@ $^

# `make MPI=1` links the programs with Open MPI, which it installs. excite-mpi is for the tests.
mpi_objects     = $(patsubst %/without_mpi.o,%/with_mpi.o,$(call objects,$(1),$(PROGRAM)))
program_objects = $(if $(MPI),$(mpi_objects),$(call objects,$(1),$(PROGRAM)))
$(BUILD)/excite: $(call program_objects,float) $(BUILD)/libexcite.a
$(BUILD)/excite-double: $(call program_objects,double) $(BUILD)/libexcite-double.a
$(PROGRAMS): $(BUILD)/mpi
	$(CXX) $(FLAGS) $(filter %.o %.a,$^) -o $@ $(if $(MPI),-lmpi) $(LIBS)
$(BUILD)/excite-mpi: $(call mpi_objects,float) $(BUILD)/libexcite.a
	$(CXX) $(FLAGS) $^ -o $@ -lmpi $(LIBS)
# Changes when MPI does, so that the programs are linked again.
$(BUILD)/mpi: force
	@mkdir -p $(@D)
	@echo '$(MPI)' | cmp -s - $@ || echo '$(MPI)' > $@
$(call objects,float,$(WITH_MPI)): PREINCLUDE = -DOMPI_SKIP_MPICXX $(shell mpicc --showme:compile)
$(call objects,float,$(WITH_MPI)): | $(BUILD)/mpi-found
$(BUILD)/mpi-found:
	@mkdir -p $(@D)
	@bash tools/scripts/install libopenmpi-dev openmpi-bin
	@touch $@

# The tests link all of the program but its main.
PARTS := $(filter-out tools/main.cpp tools/small_reserve.cpp,$(PROGRAM))
TEST_PROGRAMS := $(BUILD)/tests-float $(BUILD)/tests-double
$(BUILD)/tests-float: $(call objects,float,$(TESTS) $(PARTS)) $(BUILD)/libexcite.a
$(BUILD)/tests-double: $(call objects,double,$(TESTS_IN_DOUBLE) $(PARTS)) $(BUILD)/libexcite-double.a
# Tests run the program, the examples and fault-steps, and load faults.so into programs. Where the
# tests of the last three are left out, `STARTED=` builds none of them.
STARTED := examples $(BUILD)/faults.so $(BUILD)/fault-steps
$(BUILD)/tests-float:  | $(BUILD)/excite
$(BUILD)/tests-double: | $(BUILD)/excite-double
$(TEST_PROGRAMS): | $(STARTED)
	$(CXX) $(FLAGS) $^ -o $@ -lgtest -lgtest_main $(LIBS)

$(BUILD)/fault-steps: $(BUILD)/float/tests/faults/steps.o $(BUILD)/common/tools/small_reserve.o \
                      $(BUILD)/libexcite.a
	$(CXX) $(FLAGS) $^ -o $@ $(LIBS)
$(BUILD)/faults.so: tests/faults/faults.c
	@mkdir -p $(@D)
	$(CC) -O1 -Wall -Wextra -shared -fPIC $< -o $@ -ldl

SOURCES := $(LIBRARY) $(PROGRAM) $(WITH_MPI) $(TESTS)
-include $(patsubst %.o,%.d,$(call objects,float,$(SOURCES)) $(call objects,double,$(SOURCES)))

# ---- packages ----

# A build installs nothing: where a package is missing, it stops and names it.
$(BUILD)/packages-found: tools/scripts/find-packages
	@mkdir -p $(@D)
	@CXX='$(CXX)' bash tools/scripts/find-packages && touch $@

packages:  ## installs the Debian packages that a build needs
	@bash tools/scripts/install g++ libopenblas-dev libstb-dev libwebp-dev libcli11-dev nlohmann-json3-dev
test-packages: packages
	@bash tools/scripts/install libgtest-dev libgmock-dev pkg-config cmake curl python3 git gdb

# ---- using ----

# The folders in which compilers look for headers anyway need no -I.
INTO    = $(DESTDIR)$(PREFIX)
INCLUDE = $(if $(filter /usr /usr/local,$(PREFIX)),,-I$${prefix}/include )
install: all  ## installs libraries, headers, programs into PREFIX=/usr/local (below DESTDIR=)
	install -d $(INTO)/bin $(INTO)/lib/pkgconfig $(INTO)/lib/cmake/excite
	install $(PROGRAMS) tools/scripts/pth_to_safetensors $(INTO)/bin
	install -m 644 $(LIBRARIES) $(INTO)/lib
	install -d $(INTO)/share/excite
	install -m 644 tools/examples/se_resnet20-cifar10.safetensors $(INTO)/share/excite
	bash tools/scripts/install-headers $(INTO)/include
	install -d $(INTO)/share/man/man1 $(INTO)/share/bash-completion/completions
	bash tools/scripts/help-pages man $(BUILD)/excite > $(INTO)/share/man/man1/excite.1
	bash tools/scripts/help-pages completion $(BUILD)/excite > $(INTO)/share/bash-completion/completions/excite
	sed 's/@NAME@/excite/; s/@REAL@/float/; s/@VERSION@/$(VERSION)/; s/ *@DEFINE@//; s|@INCLUDE@|$(INCLUDE)|' \
	  tools/excite.pc.in > $(INTO)/lib/pkgconfig/excite.pc
	sed 's/@NAME@/excite-double/; s/@REAL@/double/; s/@VERSION@/$(VERSION)/; s/@DEFINE@/-DEXCITE_DOUBLE/; s|@INCLUDE@|$(INCLUDE)|' \
	  tools/excite.pc.in > $(INTO)/lib/pkgconfig/excite-double.pc
	install -m 644 tools/cmake/excite-config.cmake $(INTO)/lib/cmake/excite
	sed 's/@VERSION@/$(VERSION)/' tools/cmake/excite-config-version.cmake.in \
	  > $(INTO)/lib/cmake/excite/excite-config-version.cmake

# The shared libraries are compiled again, as position-independent code. Programs ask for them by
# the soname, which names the version without its last number: libexcite.so.0.2.
SHARED        := $(BUILD)/shared
SO            := so.$(basename $(VERSION))
SHARED_FLAGS  := -fPIC -fno-semantic-interposition
shared:  ## builds shared libraries, build/shared/libexcite.so and libexcite-double.so
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(SHARED) EXTRA='$(SHARED_FLAGS) $(EXTRA)' \
	  $(SHARED)/libexcite.so $(SHARED)/libexcite-double.so
$(BUILD)/libexcite.so.$(VERSION): $(call objects,float,$(LIBRARY))
$(BUILD)/libexcite-double.so.$(VERSION): $(call objects,double,$(LIBRARY))
$(BUILD)/%.so.$(VERSION):
	$(CXX) $(FLAGS) -shared -Wl,-soname,$*.$(SO) $^ -o $@ $(LIBS)
$(BUILD)/%.so: $(BUILD)/%.so.$(VERSION)
	ln -sf $(<F) $(BUILD)/$*.$(SO)
	ln -sf $*.$(SO) $@
install-shared: shared  ## installs the shared libraries too, beside those of `make install`
	install -d $(INTO)/lib
	cp -P $(SHARED)/libexcite.so* $(SHARED)/libexcite-double.so* $(INTO)/lib

DATA ?= $(if $(wildcard data/cifar-10-batches-bin),data/cifar-10-batches-bin,builtin)
train: packages  ## trains SE-ResNet-20 on DATA=dir, data/cifar-10-batches-bin, or built-in images
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/excite
	$(BUILD)/excite train --data '$(DATA)'

record: packages  ## trains the recipe fast on CIFAR-10 (DATA=dir), prints its accuracy and time
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/excite
	@start=$$(date +%s); $(BUILD)/excite train --recipe fast --val none --data '$(DATA)' && \
	  echo "time: $$(( $$(date +%s) - start )) seconds"

# tools/study/README.md
JOBS ?= $(shell nproc)
study: packages  ## trains the missing runs of the study of SE on CIFAR-10 (DATA=dir), JOBS=2 at a time
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/excite
	@tools/study/run $(BUILD)/excite '$(DATA)' $(JOBS)
study-report: packages  ## makes tools/study/RESULTS.md and its figure again, from the .csv files there
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/excite
	@tools/study/report $(BUILD)/excite

DEBUG := $(BUILD)/debug
debug: packages  ## builds the program for a debugger, build/debug/excite; core/README.md uses it
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(DEBUG) OPTIMIZE=-O0 LEVEL= EXTRA='-g $(EXTRA)' \
	  $(DEBUG)/excite

reference:  ## makes core/REFERENCE.md again: all public functions, from the headers' comments
	@bash tools/scripts/install python3
	@mkdir -p $(BUILD)
	python3 tools/scripts/reference > $(BUILD)/REFERENCE.md
	mv $(BUILD)/REFERENCE.md core/REFERENCE.md

cifar10:  ## downloads CIFAR-10 into data/
	@bash tools/scripts/install curl ca-certificates
	@bash tools/scripts/cifar10 data

# The examples are built as other projects would: with the public headers and a library. own_op checks
# a gradient, so it computes in double.
EXAMPLES := $(patsubst tools/%.cpp,$(BUILD)/%,$(wildcard tools/examples/*.cpp))
HEADERS  := $(foreach d,core autograd layers models tools,$(wildcard $(d)/*.h $(d)/*/*.h))
examples: $(EXAMPLES)  ## builds the examples of tools/examples into build/examples
$(BUILD)/include/excite/excite.h: $(HEADERS) tools/scripts/install-headers
	bash tools/scripts/install-headers $(BUILD)/include
$(BUILD)/examples/own_op: PACKAGE := excite-double
$(BUILD)/examples/own_op: NUMBERS := -DEXCITE_DOUBLE
$(BUILD)/examples/%: PACKAGE := excite
$(BUILD)/examples/%: tools/examples/%.cpp $(BUILD)/include/excite/excite.h $(LIBRARIES)
	@mkdir -p $(@D)
	$(CXX) -std=c++20 -O2 -Wall -Wextra -pthread -I$(BUILD)/include $(NUMBERS) $(EXTRA) $< -o $@ \
	  $(BUILD)/lib$(PACKAGE).a $(LIBS)

# It links its own core/parallel.h, so it is a program of its own.
MODEL ?= se_resnet20
BATCH ?= 128
$(BUILD)/balance: tools/bench/balance/balance.cpp $(BUILD)/libexcite.a
	$(CXX) $(FLAGS) $^ -o $@ $(LIBS)
balance: $(BUILD)/balance  ## prints how evenly a training step divides among 2 to 64 cores
	$(BUILD)/balance $(MODEL) $(BATCH)

# ---- exercises ----

# A reader's file is linked in front of the library, and takes the place of the original.
EXERCISE = COMPILE='$(CXX) $(filter-out -DEXCITE_VERSION%,$(FLAGS)) -DEXCITE_DOUBLE' LIBS='$(LIBS)' \
           OBJECTS='$(call objects,double,$(PARTS)) $(BUILD)/libexcite-double.a' \
           bash tools/exercises/exercise
exercises:  ## lists exercises for readers, made from the sources, and which are solved
	@$(EXERCISE) list
exercise:  ## opens exercise N=1: a copy of a source file from which a part is cut out
	@$(EXERCISE) open '$(N)'
hint:  ## shows the next hint for exercise N=1
	@$(EXERCISE) hint '$(N)'
check: test-packages $(call objects,double,$(PARTS)) $(BUILD)/libexcite-double.a  ## compiles exercise N=1 into the library, and runs its tests
	@$(EXERCISE) check '$(N)'

# ---- testing; tests/README.md says which target takes how long ----

test: test-packages  ## runs the tests in both precisions
	@$(MAKE) --no-print-directory -j$$(nproc) all $(TEST_PROGRAMS)
	@bash tests/run $(BUILD)

test-bare:  ## runs train, test and test-long in fresh minimal Debian systems (as root)
	@bash tools/scripts/install debootstrap
	@bash tests/bare $(BUILD)/bare

test-long: test-packages  ## runs the tests that take longer, which `make test` leaves out
	@$(MAKE) --no-print-directory -j$$(nproc) all $(TEST_PROGRAMS) $(BUILD)/excite-mpi
	@bash tools/scripts/install python3-onnx chromium chromium-driver graphviz
	@bash tests/run $(BUILD) 'Long*'

# Every memory access, integer operation and leak is checked: in the library, in the tests, and in
# the programs that the tests start or build (these read EXTRA from the environment). Whole runs of
# the program are checked in float alone. Left out are tests that run the same code as shorter ones
# for long, and those of scripts. A size that memory can not hold is an error of malloc here too, as
# the tests expect; by default the sanitizer would end the program. The tests that replace malloc or
# limit the address space are left out, as the sanitizer does the same, and those that need the
# examples, an installation, or the library in both precisions.
SANITIZE  := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g1 \
             -D_GLIBCXX_ASSERTIONS
SANITIZED := $(BUILD)/sanitized
SANITIZED_MAKE = $(MAKE) --no-print-directory -j$$(nproc) BUILD=$(SANITIZED) OPTIMIZE=-O1 \
                 EXTRA='$(SANITIZE)'
RUN_SANITIZED  = ASAN_OPTIONS=allocator_may_return_null=1 EXTRA='$(SANITIZE)' \
                 bash tests/run $(SANITIZED)
LENGTHY := EveryModel*:*Stopped*:*Killed*:LrFind*:Bench.Counts*:Builtin.ALinear*:Candidates.Never*:*AMillion*
SCRIPTS := Fetch*:Cifar10*:Packages*:HelpPages*:Exercises*
SMALL   := -Long*:Night*:Faults*:Examples*:Install*:Precision*:Counts*:$(LENGTHY):$(SCRIPTS)
QUICK   := $(SMALL):Train*:Bench*
test-sanitized: test-packages  ## runs the tests in float under sanitizers, and those with several threads
	@$(SANITIZED_MAKE) STARTED= $(SANITIZED)/tests-float
	@$(RUN_SANITIZED) '$(SMALL)' float
	@$(MAKE) --no-print-directory test-threads
test-sanitized-double: test-packages  ## runs the quick tests in double under sanitizers
	@$(SANITIZED_MAKE) STARTED= $(SANITIZED)/tests-double
	@$(RUN_SANITIZED) '$(QUICK)' double

# Finds what is right only by accident with g++ and this machine's vectors.
OTHER      := $(BUILD)/other
OTHER_MAKE  = $(MAKE) --no-print-directory -j$$(nproc) BUILD=$(OTHER) CXX=clang++ \
              MARCH=x86-64-v3 EXTRA=-Werror
test-clang: packages  ## builds the program with clang++, for machines as old as 2013, and trains
	@bash tools/scripts/install clang
	@$(OTHER_MAKE) $(OTHER)/excite
	@rm -rf $(OTHER)/run
	$(OTHER)/excite train --data builtin --limit 512 --epochs 2 --out $(OTHER)/run
test-other: test-clang test-packages  ## runs the quick tests with clang++, as test-clang
	@$(OTHER_MAKE) STARTED= $(OTHER)/tests-float $(OTHER)/tests-double
	@bash tests/run $(OTHER) '$(QUICK)'

# Several threads of a program call the library at the same time. (Newer kernels randomize addresses
# so much that the thread sanitizer of g++ 12 does not start; setarch -R turns this off.)
RACES        := $(BUILD)/threads
THREAD_TESTS := $(patsubst %,tests/%_test.cpp,autograd/threads core/background core/memory core/parallel \
                  models/infer)
$(BUILD)/tests-threads: $(call objects,float,$(THREAD_TESTS)) $(BUILD)/libexcite.a
	$(CXX) $(FLAGS) $^ -o $@ -lgtest -lgtest_main $(LIBS)
test-threads: test-packages  ## runs the tests with several threads under the thread sanitizer
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(RACES) OPTIMIZE=-O1 \
	  EXTRA='-fsanitize=thread -g1' $(RACES)/tests-threads
	@$$(setarch -R true 2>/dev/null && echo setarch -R) $(RACES)/tests-threads --gtest_brief=1

# Memory that is read before it is written, which no sanitizer of g++ finds. valgrind knows no vectors
# of 64 bytes.
VALGRIND := $(BUILD)/valgrind
test-valgrind:  ## the program loads, saves, predicts and trains under valgrind
	@bash tools/scripts/install valgrind
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(VALGRIND) OPTIMIZE=-O1 MARCH=x86-64-v3 $(VALGRIND)/excite
	@cd $(VALGRIND) && rm -rf saved.safetensors run && \
	  run='valgrind -q --error-exitcode=9 ./excite' given=../../tools/examples && \
	  $$run convert --to excite $$given/se_resnet20-cifar10.safetensors saved.safetensors && \
	  $$run predict --weights saved.safetensors --threads 1 $$given/cat.jpg && \
	  $$run train --model se_resnet8 --data builtin --limit 16 --batch 16 --epochs 1 --threads 2 \
	    --out run && \
	  $$run evaluate --weights run/last.safetensors --threads 2 --data builtin --limit 16

# libFuzzer, a part of clang, changes the seeds of a fuzz target so that they reach new code. What
# it finds is kept in build/fuzz/found, and a failing input in the folder where it runs.
FUZZ         := $(BUILD)/fuzz
FUZZ_TARGETS := $(patsubst tests/fuzz/%.cpp,%,$(filter-out %_test.cpp,$(wildcard tests/fuzz/*.cpp)))
T            ?= 10
FUZZED_PARTS := $(patsubst %,tools/commands/%.cpp,class_files number_options)
$(BUILD)/fuzz-%: $(BUILD)/float/tests/fuzz/%.o $(call objects,float,$(FUZZED_PARTS)) $(BUILD)/libexcite.a
	$(CXX) $(FLAGS) -fsanitize=fuzzer -Wl,--defsym=LLVMFuzzerTestOneInput=fuzz_$* $^ -o $@ $(LIBS)
fuzz: test-packages  ## runs each fuzz target of tests/fuzz for T=10 seconds, under sanitizers
	@bash tools/scripts/install clang libclang-rt-dev
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(FUZZ) CXX=clang++ OPTIMIZE=-O1 \
	  EXTRA='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -g1' \
	  $(FUZZ_TARGETS:%=$(FUZZ)/fuzz-%)
	@echo $(FUZZ_TARGETS) | xargs -n 1 -P $$(nproc) bash tests/fuzz/run $(FUZZ) $(T)

# 64-bit ARM has vectors of 16 bytes and a char without sign. Its programs are built by a cross
# compiler and run by qemu, through scripts with the names that tests/run expects. Left out are the
# tests that compile, debug or limit the memory of programs, and what takes qemu many minutes.
ARM64      := $(BUILD)/arm64
ARM64_MAKE  = $(MAKE) --no-print-directory -j$$(nproc) BUILD=$(ARM64) CXX=aarch64-linux-gnu-g++ \
                MARCH=armv8-a EXTRA=-Werror
test-arm64: packages  ## builds the float program and its library for 64-bit ARM
	@bash tools/scripts/install g++-aarch64-linux-gnu libopenblas-dev:arm64 libwebp-dev:arm64
	@$(ARM64_MAKE) $(ARM64)/excite
test-arm64-run: test-arm64 test-packages  ## runs the quick tests in float for 64-bit ARM, in qemu
	@bash tools/scripts/install qemu-user libstdc++6:arm64 libgtest-dev:arm64
	@$(ARM64_MAKE) STARTED= $(ARM64)/tests-float
	@mkdir -p $(ARM64)/qemu
	@for program in excite tests-float; do \
	  printf '#!/bin/sh\nexec qemu-aarch64 $(abspath $(ARM64))/%s "$$@"\n' $$program > $(ARM64)/qemu/$$program && \
	  chmod +x $(ARM64)/qemu/$$program || exit 1; done
	@bash tests/run $(ARM64)/qemu '$(QUICK):MemoryDeathTest.IsReturned*' float

# ONNX Runtime is no Debian package and is installed below build/.
$(BUILD)/onnx/runtime:
	@bash tools/scripts/install python3-numpy python3-venv
	/usr/bin/python3 -m venv --system-site-packages $(@D)
	$(@D)/bin/python -m pip install --quiet onnxruntime==1.32.0
	touch $@

# TensorBoard is no Debian package either.
$(BUILD)/tensorboard/package:
	@bash tools/scripts/install python3-venv
	/usr/bin/python3 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet tensorboard==2.21.0
	touch $@

test-night: $(BUILD)/onnx/runtime $(BUILD)/tensorboard/package test-long test-sanitized test-sanitized-double test-valgrind test-other test-arm64-run parity  ## runs everything, parity with all 52 networks included
	@bash tests/run $(BUILD) 'Night*'

# PyTorch and torchvision are Debian's; timm is no Debian package and is installed below build/.
$(BUILD)/parity/timm:
	@bash tools/scripts/install python3-torch python3-torchvision python3-numpy python3-pil python3-venv
	/usr/bin/python3 -m venv --system-site-packages $(@D)
	$(@D)/bin/pip install --quiet --no-deps timm==1.0.31 safetensors==0.8.0 huggingface_hub==2.4.0 \
	  tqdm==4.70.1 pyyaml
	touch $@

golden: $(BUILD)/parity/timm  ## makes the vectors of tests/golden again, with PyTorch and Pillow
	$(BUILD)/parity/bin/python tests/golden/make.py
	$(BUILD)/parity/bin/python tests/golden/images.py
	$(BUILD)/parity/bin/python tests/golden/adjusted.py
	@bash tools/scripts/install libjpeg-turbo-progs
	$(BUILD)/parity/bin/python tests/golden/decoded.py

$(BUILD)/parity/onnxruntime: $(BUILD)/parity/timm
	$(@D)/bin/python -m pip install --quiet onnxruntime==1.32.0
	touch $@

parity: packages $(BUILD)/parity/onnxruntime  ## compares with PyTorch and timm; NETWORKS="se_resnet50 senet154@timm" some
	@$(MAKE) --no-print-directory -j$$(nproc) all
	$(BUILD)/parity/bin/python tests/parity/training.py $(BUILD)
	$(BUILD)/parity/bin/python tests/parity/run.py $(BUILD) $(NETWORKS)

format:  ## lays out all C++ files with clang-format 14
	@bash tools/scripts/install clang-format
	clang-format -i $$(git ls-files '*.cpp' '*.h')

clean:  ## removes build/
	rm -rf $(BUILD)
