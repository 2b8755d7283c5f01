// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Writes the stimulus of one [layer] configuration for a testbench that knows nothing of the format:
///
///   epim_stimulus CONFIG DIR [FRAMES]
///
///   DIR/writes.hex    control bus writes in order, `address data` per line, the start of the run last
///   DIR/load.hex      words of the load port in order, where the core has one: tlast above the data
///   DIR/stream.hex    input words in order, one per line, tlast as the bit above the data
///   DIR/expected.hex  output beats of the golden model in the same form
///   DIR/counts.txt    writes, input words, output beats, width of an input word, of an output word, words of the load port
///
/// Lanes that a map does not have carry noise on the input and zero on the output. The order of the writes is that of
/// CoreDriver::load, the order of the words that of CoreDriver::run.
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "gen/core/core_parameters.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/core/load_stream.hpp"
#include "gen/core/program.hpp"
#include "gen/core/register_map.hpp"
#include "gen/core/synthetic.hpp"
#include "golden/bounds.hpp"
#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"

namespace epim {
namespace {

/// Bits of a word, least significant first, printed as hexadecimal digits.
class Word {
 public:
  explicit Word(int bits) : bits_(static_cast<std::size_t>(bits)) {}
  void put(int at, int count, std::uint64_t value) {
    for (int i = 0; i < count; ++i) bits_[static_cast<std::size_t>(at + i)] = (value >> i & 1) != 0;
  }
  std::string hex() const {
    std::string digits;
    for (std::size_t at = 0; at < bits_.size(); at += 4) {
      int digit = 0;
      for (std::size_t i = 0; i < 4 && at + i < bits_.size(); ++i) digit |= bits_[at + i] << i;
      digits.insert(digits.begin(), "0123456789abcdef"[digit]);
    }
    return digits;
  }

 private:
  std::vector<char> bits_;
};

/// Both streams: words of `lanes` channels, position by position, channel blocks innermost.
/// `noise` fills the lanes without a channel from the running word number.
std::string stream(const std::vector<IntTensor>& maps, int lanes, int bits, bool noise, int& words, int& width) {
  width = (lanes * bits + 7) / 8 * 8;
  words = 0;
  std::string text;
  for (const IntTensor& map : maps) {
    const int channels = map.shape[0], rows = map.shape[1], columns = map.shape[2];
    const int blocks = (channels + lanes - 1) / lanes;
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns; ++x)
        for (int b = 0; b < blocks; ++b) {
          Word word(width + 1);
          for (int l = 0; l < lanes; ++l) {
            const int c = b * lanes + l;
            const std::int64_t value = c < channels ? map(c, y, x) : noise ? words * 7 + l * 3 + 1 : 0;
            word.put(l * bits, bits, static_cast<std::uint64_t>(value));
          }
          word.put(width, 1, y == rows - 1 && x == columns - 1 && b == blocks - 1);
          text += word.hex() + "\n";
          ++words;
        }
  }
  return text;
}

void write(const std::string& config_path, const std::string& dir, int frames) {
  const Config config = load_config(config_path);
  if (!config.layer) throw InputError({config_path, 0, 0}, "layer-or-network", "a [layer] is needed here");
  const SyntheticLayer s = prepare_layer(config);
  const CoreParameters p = core_parameters(s.core.hw, {s.layer});
  const LayerProgram program = build_program(p, s.layer, s.data, frames);
  const GoldenLayer golden(s.core.hw, s.layer, s.data);
  golden.check_input(s.input);

  std::string writes;
  int write_count = 0;
  const auto put = [&](std::uint32_t address, std::uint64_t value) {
    writes += fmt::format("{:03x} {:08x}\n", address, static_cast<std::uint32_t>(value));
    ++write_count;
  };
  std::string load;
  std::size_t load_count = 0;
  if (s.core.hw.load_stream) {
    const std::vector<LoadWord> words = load_words(load_frames(program, 0));
    for (const LoadWord& w : words) load += fmt::format("{:x}{:016x}\n", w.last ? 1 : 0, w.data);
    load_count = words.size();
  } else if (s.core.tables == Tables::rom) {
    put(reg::frames, static_cast<std::uint64_t>(frames));
  } else {
    for (const ProgramBlock& block : program.blocks) {
      put(reg::prog_select, static_cast<std::uint32_t>(block.kind) | static_cast<std::uint32_t>(block.pe) << 8);
      put(reg::prog_addr, block.address);
      for (std::uint64_t entry : block.entries) {
        put(reg::prog_data, entry & 0xFFFFFFFF);
        put(reg::prog_data, entry >> 32);
      }
    }
    for (std::size_t i = 0; i < program.geometry.size(); ++i)
      put(reg::last_patch + 4 * static_cast<std::uint32_t>(i), program.geometry[i]);
    put(reg::control, 4);
  }
  put(reg::control, 1);

  // Frames differ: frame f is the map with its channels' values rotated by f positions of the tensor.
  std::vector<IntTensor> inputs, outputs;
  EventCounts events;
  for (int f = 0; f < frames; ++f) {
    IntTensor x = s.input;
    for (std::size_t i = 0; i < x.size(); ++i)
      x.data[i] = s.input.data[(i + static_cast<std::size_t>(f)) % x.size()];
    outputs.push_back(golden.run(x, events, 1, static_cast<std::int64_t>(outputs.size())));
    inputs.push_back(std::move(x));
  }
  int words = 0, beats = 0, in_width = 0, out_width = 0;
  const std::string in = stream(inputs, s.core.hw.lanes, s.core.hw.act_bits, true, words, in_width);
  const std::string out = stream(outputs, s.core.hw.lanes, s.core.hw.out_bits, false, beats, out_width);
  std::filesystem::create_directories(dir);
  write_file_atomically(dir + "/writes.hex", writes);
  if (load_count > 0) write_file_atomically(dir + "/load.hex", load);
  write_file_atomically(dir + "/stream.hex", in);
  write_file_atomically(dir + "/expected.hex", out);
  write_file_atomically(dir + "/counts.txt",
                        fmt::format("{} {} {} {} {} {}\n", write_count, words, beats, in_width, out_width, load_count));
}

}  // namespace
}  // namespace epim

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::cerr << "usage: epim_stimulus CONFIG DIR [FRAMES]\n";
    return 2;
  }
  try {
    const int frames = argc == 4 ? std::stoi(argv[3]) : 1;
    if (frames < 1) throw std::invalid_argument("FRAMES must be at least 1");
    epim::write(argv[1], argv[2], frames);
  } catch (const std::exception& e) {
    std::cerr << "epim_stimulus: " << e.what() << "\n";
    return 2;
  }
}
