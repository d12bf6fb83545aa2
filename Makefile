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
LIBS     := -lopenblas -pthread

LIBRARY  := $(sort $(foreach d,core autograd layers models,$(wildcard $(d)/*.cpp $(d)/*/*.cpp)))
PROGRAM  := $(sort $(wildcard tools/*.cpp tools/*/*.cpp tools/*/*/*.cpp))
TESTS    := $(sort $(wildcard tests/*.cpp tests/*/*.cpp tests/*/*/*.cpp tests/*/*/*/*.cpp))
TESTS    := $(filter-out tests/consumer/%,$(TESTS))
HEADERS  := $(sort $(foreach d,core autograd layers models,$(wildcard $(d)/*.h $(d)/*/*.h)))

.PHONY: all help install clean packages test-packages train test test-bare test-long test-night \
        test-other cifar10 format golden parity
.DELETE_ON_ERROR:
.SECONDARY:

PROGRAMS  := $(BUILD)/excite $(BUILD)/excite-double
LIBRARIES := $(BUILD)/libexcite.a $(BUILD)/libexcite-double.a
all: $(PROGRAMS) $(LIBRARIES)  ## builds both programs and both libraries

help:  ## lists the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 14
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
COMMON := $(wildcard core/images/*.cpp tools/data/augmentation.cpp tools/data/builtin.cpp) \
          $(patsubst %,core/%.cpp,parallel random shape text) \
          $(patsubst %,core/files/%.cpp,atomic_file crc input_file safetensors_header) \
          $(patsubst %,tools/commands/%.cpp,help_format images label_placement number_options) \
          $(patsubst %,tools/commands/%.cpp,output parse_errors plot roofline roofline_drawing svg) \
          $(patsubst %,tools/data/%.cpp,cifar dataset figures folder load prefetch resize_crop) \
          $(patsubst %,tools/training/%.cpp,log progress report run_folder signals) \
          tools/main.cpp
objects = $(patsubst %.cpp,$(BUILD)/common/%.o,$(filter $(COMMON),$(2))) \
          $(patsubst %.cpp,$(BUILD)/$(1)/%.o,$(filter-out $(COMMON),$(2)))

# Quick compilation matters more than quick code outside the kernels and the data pipeline.
in = $(BUILD)/common/$(1)/%.o $(BUILD)/float/$(1)/%.o $(BUILD)/double/$(1)/%.o
$(call in,core/files) $(call in,models): LEVEL := -O1
$(call in,tools):                        LEVEL := -Og
$(call in,tools/data):                   LEVEL :=
$(call in,tests):                        LEVEL := -O0
$(call in,tests/golden):                 LEVEL :=

# The headers of CLI11 and GoogleTest are compiled once, and read by the objects beside them: this
# saves about a quarter of the processor time of a whole build.
# clang++ and ccache do without.
PCH := $(if $(filter clang% ccache%,$(notdir $(CXX))),,yes)
ifdef PCH
$(call in,tools):      PREINCLUDE := -include $(BUILD)/tools/pch.h
$(call in,tools/data): PREINCLUDE :=
$(call in,tests):      PREINCLUDE := -include $(BUILD)/tests/pch.h
$(call in,tests/golden): PREINCLUDE :=
$(call objects,float,$(PROGRAM)) $(call objects,double,$(PROGRAM)): | $(BUILD)/tools/pch.h.gch
$(call objects,float,$(TESTS)) $(call objects,double,$(TESTS)):     | $(BUILD)/tests/pch.h.gch
endif
$(BUILD)/tools/pch.h.gch: LEVEL := -Og
$(BUILD)/tests/pch.h.gch: LEVEL := -O0
$(BUILD)/%/pch.h.gch: %/pch.h $(BUILD)/flags | $(BUILD)/packages-found
	@mkdir -p $(@D)
	$(CXX) $(FLAGS) $(LEVEL) -c $< -o $@

COMPILE = $(CXX) $(FLAGS) $(LEVEL) $(PREINCLUDE) -MMD -MP -c $< -o $@
$(BUILD)/common/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-found
	@mkdir -p $(@D)
	$(COMPILE) -DEXCITE_NO_REAL
$(BUILD)/float/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-found
	@mkdir -p $(@D)
	$(COMPILE)
$(BUILD)/double/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-found
	@mkdir -p $(@D)
	$(COMPILE) -DEXCITE_DOUBLE

$(BUILD)/libexcite.a: $(call objects,float,$(LIBRARY))
$(BUILD)/libexcite-double.a: $(call objects,double,$(LIBRARY))
$(LIBRARIES):
	@rm -f $@; ar rcs $@ $^

$(BUILD)/excite: $(call objects,float,$(PROGRAM)) $(BUILD)/libexcite.a
$(BUILD)/excite-double: $(call objects,double,$(PROGRAM)) $(BUILD)/libexcite-double.a
$(PROGRAMS):
	$(CXX) $(FLAGS) $^ -o $@ $(LIBS)

# The tests link all of the program but its main.
PARTS := $(filter-out tools/main.cpp,$(PROGRAM))
TEST_PROGRAMS := $(BUILD)/tests-float $(BUILD)/tests-double
$(BUILD)/tests-float: $(call objects,float,$(TESTS) $(PARTS)) $(BUILD)/libexcite.a
$(BUILD)/tests-double: $(call objects,double,$(TESTS) $(PARTS)) $(BUILD)/libexcite-double.a
$(TEST_PROGRAMS):
	$(CXX) $(FLAGS) $^ -o $@ -lgtest -lgtest_main $(LIBS)

SOURCES := $(LIBRARY) $(PROGRAM) $(TESTS)
-include $(patsubst %.o,%.d,$(call objects,float,$(SOURCES)) $(call objects,double,$(SOURCES)))

# ---- packages ----

# A build installs nothing: where a package is missing, it stops and names it.
$(BUILD)/packages-found: tools/scripts/find-packages
	@mkdir -p $(@D)
	@CXX='$(CXX)' bash tools/scripts/find-packages && touch $@

packages:  ## installs the Debian packages that a build needs
	@bash tools/scripts/install g++ libopenblas-dev libstb-dev libcli11-dev nlohmann-json3-dev
test-packages: packages
	@bash tools/scripts/install libgtest-dev pkg-config curl python3 git

# ---- using ----

# simd.h stays here: its types follow -march, which a user's compiler may set otherwise.
PUBLIC = $(shell grep -L core/kernels/simd.h $(filter-out %/simd.h,$(HEADERS)))
INTO   = $(DESTDIR)$(PREFIX)
install: all  ## installs libraries, headers, programs into PREFIX=/usr/local (below DESTDIR=)
	install -d $(INTO)/bin $(INTO)/lib/pkgconfig $(addprefix $(INTO)/include/excite/,$(sort $(dir $(PUBLIC))))
	install $(PROGRAMS) $(INTO)/bin
	install -m 644 $(LIBRARIES) $(INTO)/lib
	for header in $(PUBLIC); do install -m 644 $$header $(INTO)/include/excite/$$header || exit 1; done
	sed 's/@NAME@/excite/; s/@REAL@/float/; s/@VERSION@/$(VERSION)/; s/ *@DEFINE@//' \
	  tools/excite.pc.in > $(INTO)/lib/pkgconfig/excite.pc
	sed 's/@NAME@/excite-double/; s/@REAL@/double/; s/@VERSION@/$(VERSION)/; s/@DEFINE@/-DEXCITE_DOUBLE/' \
	  tools/excite.pc.in > $(INTO)/lib/pkgconfig/excite-double.pc

DATA ?= $(if $(wildcard data/cifar-10-batches-bin),data/cifar-10-batches-bin,builtin)
train: packages  ## trains SE-ResNet-20 on DATA=dir, data/cifar-10-batches-bin, or built-in images
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/excite
	$(BUILD)/excite train --data '$(DATA)'

cifar10:  ## downloads CIFAR-10 into data/
	@bash tools/scripts/install curl ca-certificates
	@bash tools/scripts/cifar10 data

# ---- testing; tests/README.md says which target takes how long ----

test: test-packages  ## runs the tests in both precisions
	@$(MAKE) --no-print-directory -j$$(nproc) all $(TEST_PROGRAMS)
	@bash tests/run $(BUILD)

test-bare:  ## runs `make train` and `make test` in fresh minimal Debian systems (as root)
	@bash tools/scripts/install debootstrap
	@bash tests/bare $(BUILD)/bare

# Every memory access, integer operation and leak is checked: in the library, in the tests, and in
# the programs that the tests start or build (these read EXTRA from the environment). Whole runs of
# the program are checked in float alone, and networks of full size are left out, as their small
# relatives run the same code.
SANITIZE  := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g1 \
             -D_GLIBCXX_ASSERTIONS
SANITIZED := $(BUILD)/sanitized
SMALL     := -Long*:Counts*:*full_size*
QUICK     := $(SMALL):EveryModel*:Train*:*Stopped*:*Killed*:Bench*:Fetch*:Cifar10*:Packages*:Install*
test-long: test-packages  ## runs the tests that take longer, and all tests under the sanitizers
	@$(MAKE) --no-print-directory -j$$(nproc) all $(TEST_PROGRAMS)
	@bash tests/run $(BUILD) 'Long*'
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(SANITIZED) OPTIMIZE=-O1 EXTRA='$(SANITIZE)' \
	  all $(SANITIZED)/tests-float $(SANITIZED)/tests-double
	@EXTRA='$(SANITIZE)' bash tests/run $(SANITIZED) '$(SMALL)' float
	@EXTRA='$(SANITIZE)' bash tests/run $(SANITIZED) '$(QUICK)' double

# Finds what is right only by accident with g++ and this machine's vectors.
OTHER := $(BUILD)/other
test-other: test-packages  ## runs the quick tests with clang++, for machines as old as 2013
	@bash tools/scripts/install clang
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(OTHER) CXX=clang++ MARCH=x86-64-v3 EXTRA=-Werror \
	  all $(OTHER)/tests-float $(OTHER)/tests-double
	@bash tests/run $(OTHER) '$(QUICK)'

test-night: test-long test-other parity  ## runs everything, parity with all 52 networks included

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

parity: packages $(BUILD)/parity/timm  ## compares with PyTorch and timm; NETWORKS="se_resnet50 senet154@timm" some
	@$(MAKE) --no-print-directory -j$$(nproc) all
	$(BUILD)/parity/bin/python tests/parity/training.py $(BUILD)
	$(BUILD)/parity/bin/python tests/parity/run.py $(BUILD) $(NETWORKS)

format:  ## lays out all C++ files with clang-format 14
	@bash tools/scripts/install clang-format
	clang-format -i $$(git ls-files '*.cpp' '*.h')

clean:  ## removes build/
	rm -rf $(BUILD)
