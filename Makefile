# excite. `make help` lists the targets.
#
# Everything is built twice, in float and in double, into build/float and build/double; the two never mix.

CXX      ?= g++
MARCH    ?= native
OPTIMIZE ?= -O3
BUILD    ?= build
PREFIX   ?= /usr/local
VERSION  := 0.1.0

ifeq ($(origin CXX),default)
CXX := g++
endif

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wdouble-promotion
FLAGS    := -std=c++20 $(OPTIMIZE) -march=$(MARCH) $(WARNINGS) -pthread -I. -DEXCITE_VERSION='"$(VERSION)"' $(EXTRA)
LIBS     := -lopenblas -pthread

LIBRARY  := $(sort $(wildcard core/*.cpp core/*/*.cpp autograd/*.cpp layers/*.cpp models/*.cpp))
PROGRAM  := $(sort $(wildcard tools/*.cpp tools/*/*.cpp))
TESTS    := $(filter-out tests/consumer/%,$(sort $(wildcard tests/*.cpp tests/*/*.cpp tests/*/*/*.cpp)))
HEADERS  := $(sort $(wildcard core/*.h core/*/*.h autograd/*.h layers/*.h models/*.h))

.PHONY: all help install clean packages test-packages train test test-long test-other cifar10 golden parity
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/excite $(BUILD)/excite-double $(BUILD)/libexcite.a $(BUILD)/libexcite-double.a  ## both programs and both libraries

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 14
	@echo; echo 'CXX=clang++ another compiler, BUILD=dir another folder, MARCH=x86-64-v3 for machines other than this one (as old as 2013)'

# ---- building ----

# Objects depend on the flags they were compiled with: this file changes only when the flags do.
$(BUILD)/flags: force
	@mkdir -p $(@D); echo '$(CXX) $(FLAGS)' | cmp -s - $@ || echo '$(CXX) $(FLAGS)' > $@
.PHONY: force

# Where no numbers are crunched, compiling quickly is worth more than running quickly.
test    = $(filter-out tests/golden/%,$(filter tests/%,$<))
lighter = $(if $(test),-O0)$(if $(filter-out tools/data/%,$(filter tools/%,$<)),-Og)$(if $(filter core/files/% models/%,$<),-O1)

# The large headers that every test and every subcommand includes are compiled ahead of them, once for both precisions. Only g++ takes
# them so, and ccache does not; without them all comes out the same, but later.
AHEAD  := $(if $(filter clang% ccache%,$(notdir $(CXX))),,$(BUILD)/tests/ahead.h.gch $(BUILD)/tools/ahead.h.gch)
ahead   = $(patsubst %.gch,-include %,$(filter $(BUILD)/$(<D)/ahead.h.gch $(BUILD)/$(firstword $(subst /, ,$(test)))/ahead.h.gch,$(AHEAD)))
$(BUILD)/%/ahead.h.gch: %/ahead.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(CXX) $(FLAGS) $(lighter) -c $< -o $@

# A file that neither names EXCITE_DOUBLE nor includes core/real.h, however indirectly, is the same in both precisions: compiled once.
COMPILE = $(CXX) $(FLAGS) $(lighter) $(ahead) -MMD -MP -c $< -o $@
$(BUILD)/float/%.o: %.cpp $(BUILD)/flags | $(AHEAD)
	@mkdir -p $(@D)
	$(COMPILE)
$(BUILD)/double/%.o: %.cpp $(BUILD)/float/%.o
	@mkdir -p $(@D)
	$(if $(shell grep -ls -e EXCITE_DOUBLE -e core/real.h $< $(BUILD)/float/$*.d),$(COMPILE) -DEXCITE_DOUBLE,cp $(BUILD)/float/$*.o $@)

$(BUILD)/libexcite.a: $(LIBRARY:%.cpp=$(BUILD)/float/%.o)
$(BUILD)/libexcite-double.a: $(LIBRARY:%.cpp=$(BUILD)/double/%.o)
$(BUILD)/%.a:
	@rm -f $@; ar rcs $@ $^

$(BUILD)/excite: $(PROGRAM:%.cpp=$(BUILD)/float/%.o) $(BUILD)/libexcite.a
	$(CXX) $(FLAGS) $^ -o $@ $(LIBS)
$(BUILD)/excite-double: $(PROGRAM:%.cpp=$(BUILD)/double/%.o) $(BUILD)/libexcite-double.a
	$(CXX) $(FLAGS) $^ -o $@ $(LIBS)

# The tests link what the program is made of, but for its main.
PARTS := $(filter-out tools/main.cpp,$(PROGRAM))
$(BUILD)/tests-float: $(TESTS:%.cpp=$(BUILD)/float/%.o) $(PARTS:%.cpp=$(BUILD)/float/%.o) $(BUILD)/libexcite.a
	$(CXX) $(FLAGS) $^ -o $@ -lgtest -lgtest_main $(LIBS)
$(BUILD)/tests-double: $(TESTS:%.cpp=$(BUILD)/double/%.o) $(PARTS:%.cpp=$(BUILD)/double/%.o) $(BUILD)/libexcite-double.a
	$(CXX) $(FLAGS) $^ -o $@ -lgtest -lgtest_main $(LIBS)

-include $(foreach p,float double,$(patsubst %.cpp,$(BUILD)/$(p)/%.d,$(LIBRARY) $(PROGRAM) $(TESTS)))

# ---- using ----

# Headers of vectors stay here: their types follow -march, which a user's compiler may be told otherwise.
PUBLIC = $(shell grep -L core/kernels/simd.h $(filter-out %/simd.h,$(HEADERS)))
INTO   = $(DESTDIR)$(PREFIX)
install: all  ## libraries, headers, programs, pkg-config files into PREFIX=/usr/local (below DESTDIR=)
	install -d $(INTO)/bin $(INTO)/lib/pkgconfig $(addprefix $(INTO)/include/excite/,$(sort $(dir $(PUBLIC))))
	install $(BUILD)/excite $(BUILD)/excite-double $(INTO)/bin
	install -m 644 $(BUILD)/libexcite.a $(BUILD)/libexcite-double.a $(INTO)/lib
	for header in $(PUBLIC); do install -m 644 $$header $(INTO)/include/excite/$$header || exit 1; done
	sed 's/@NAME@/excite/; s/@REAL@/float/; s/@VERSION@/$(VERSION)/; s/ *@DEFINE@//' tools/excite.pc.in > $(INTO)/lib/pkgconfig/excite.pc
	sed 's/@NAME@/excite-double/; s/@REAL@/double/; s/@VERSION@/$(VERSION)/; s/@DEFINE@/-DEXCITE_DOUBLE/' tools/excite.pc.in \
	  > $(INTO)/lib/pkgconfig/excite-double.pc

packages:
	@bash tools/install g++ libopenblas-dev libstb-dev libcli11-dev nlohmann-json3-dev
test-packages: packages
	@bash tools/install libgtest-dev pkg-config curl python3 git

DATA ?= $(if $(wildcard data/cifar-10-batches-bin),data/cifar-10-batches-bin,builtin)
train: packages  ## trains SE-ResNet-20, on DATA=dir, data/cifar-10-batches-bin or built-in pictures
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/excite
	$(BUILD)/excite train --data '$(DATA)'

test: test-packages  ## every promise, in both builds
	@$(MAKE) --no-print-directory -j$$(nproc) all $(BUILD)/tests-float $(BUILD)/tests-double
	@bash tests/run $(BUILD)

# Every access to memory, every integer and every leak is watched: in the library, in the tests, and in the programs that tests start
# or build (for those EXTRA is in the environment). -O1 tells the places better than -O3, and takes a third of the time to compile. Whole runs of the
# program, and training of every small network, are watched in float only: in double they would show the same again. Networks of full size are counted
# and compared without, as their small relatives do all that they do. Packages come first, and parity, which fetches timm, last.
SANITIZE  := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g1 -D_GLIBCXX_ASSERTIONS
SANITIZED := $(BUILD)/sanitized
SMALL     := -Long*:Counts*:*full_size*
QUICK     := $(SMALL):EveryModel*:Train*:*Stopped*:*Killed*:Bench*:Fetch*:Cifar10*:Packages*:Install*
test-long: test-packages  ## what takes longer: sanitizers over the tests, twenty kills, built-in pictures to 95 %, parity with timm
	@$(MAKE) --no-print-directory -j$$(nproc) all $(BUILD)/tests-float $(BUILD)/tests-double
	@bash tests/run $(BUILD) 'Long*'
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(SANITIZED) OPTIMIZE=-O1 EXTRA='$(SANITIZE)' \
	  all $(SANITIZED)/tests-float $(SANITIZED)/tests-double
	@EXTRA='$(SANITIZE)' bash tests/run $(SANITIZED) '$(SMALL)' float
	@EXTRA='$(SANITIZE)' bash tests/run $(SANITIZED) '$(QUICK)' double
	@$(MAKE) --no-print-directory parity

# What is right by accident with g++ and this machine's vectors is found here.
OTHER := $(BUILD)/other
test-other: test-packages  ## the quick tests with clang++, for machines as old as 2013; a warning is an error
	@bash tools/install clang
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(OTHER) CXX=clang++ MARCH=x86-64-v3 EXTRA=-Werror \
	  all $(OTHER)/tests-float $(OTHER)/tests-double
	@bash tests/run $(OTHER) '$(QUICK)'

cifar10:  ## downloads CIFAR-10 into data/
	@bash tools/install curl ca-certificates
	@bash tools/cifar10 data

# PyTorch and torchvision are Debian's; timm, which Debian has not, is installed beside them, below build/.
$(BUILD)/parity/timm:
	@bash tools/install python3-torch python3-torchvision python3-numpy python3-pil python3-venv
	/usr/bin/python3 -m venv --system-site-packages $(@D)
	$(@D)/bin/pip install --quiet --no-deps timm==1.0.31 safetensors==0.8.0 huggingface_hub==2.4.0 tqdm==4.70.1 pyyaml
	touch $@

golden: $(BUILD)/parity/timm  ## makes the vectors of tests/golden again, with PyTorch, torchvision, timm and Pillow
	$(BUILD)/parity/bin/python tests/golden/make.py
	$(BUILD)/parity/bin/python tests/golden/pictures.py

parity: packages $(BUILD)/parity/timm  ## compares training, and networks of full size with timm's and others'; NETWORKS="se_resnet50 senet154@timm" some
	@$(MAKE) --no-print-directory -j$$(nproc) all
	$(BUILD)/parity/bin/python tests/parity/training.py $(BUILD)
	$(BUILD)/parity/bin/python tests/parity/run.py $(BUILD) $(NETWORKS)

clean:  ## removes build/
	rm -rf $(BUILD)
