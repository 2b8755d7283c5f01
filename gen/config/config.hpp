// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Configuration: TOML text -> typed model, checked once, every error `file:line:column: rule: what, legal ...`.
/// The keys live in gen/config/config_keys.def only; the parser, `--set`, the dump and docs/configuration.md are made
/// from that table. The format and the defaults are own choices.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "golden/device/device_model.hpp"
#include "golden/diagnostic.hpp"
#include "golden/hardware.hpp"
#include "golden/layer.hpp"

namespace epim {

enum class Tables { writable, rom };  ///< loaded over the control bus, or fixed by images at elaboration
enum class Storage { flat, ram };     ///< structure of the crossbar's cell memory in the RTL
enum class Sampler { cycle, distinct, file };

/// [layer.epitome]
struct EpitomeSource {
  EpitomeShape shape;
  Sampler sampler = Sampler::cycle;
  std::string patches;  ///< path of the patch list, ready to open; only with Sampler::file
};

/// [layer], [layer.data]: one layer as written. `locate` gives positions for errors found later.
struct LayerSource {
  std::string name = "layer";
  int cin = 1, cout = 1, kh = 1, kw = 1, groups = 1;
  Axes stride, dilation;
  Padding pad;
  int h = 1, w = 1;
  int in_period = 0;
  std::optional<int> act_bits;                                  ///< empty = the core's
  std::optional<bool> act_signed;
  int pad_value = 0;
  bool slopes = false;
  Wrap wrap = Wrap::off;
  std::optional<int> shift;                                     ///< empty = auto
  std::optional<std::pair<std::int64_t, std::int64_t>> clamp;   ///< empty = auto: 0 .. 2^out_bits-1
  std::optional<EpitomeSource> epitome;                         ///< empty = plain convolution
  std::optional<PoolChoice> pool;                               ///< weights from a pool; its vectors have xb_rows elements
  std::uint64_t seed = 1;
  std::string input;                                            ///< path of an .npy [cin][h][w]; empty = synthetic
  std::map<std::string, Position> positions;                    ///< key -> where it was written

  /// Position of `key` ("layer.cin"), else of its section, else of the file.
  Position locate(const std::string& key) const;
};

/// [network]; paths ready to open (relative ones are taken from the folder of the configuration file).
struct NetworkSource {
  std::string file, images, labels, design;
  std::string weights;   ///< float bundle in place of the network's own
  std::string integers;  ///< integer bundle in place of weights
  std::string adc_calibration;      ///< images that choose adc_step
  double adc_calibration_clip = 0;  ///< share of their conversions that may be clipped
};

/// Hardware as asked for: what is empty is automatic. Automatic values (`resolve` finds them):
///   adc_bits      hw.lossless_adc_bits()
///   joint_lanes   automatic_joint_lanes(hw)
///   pe_rows, pe_cols   the smallest array that holds every layer
///   buffer_words  (kh + stride) rows of the layer that needs most
///   acc_bits      the least that the weights of all layers ask for: with_accumulators
///   adc_step      max(0, lossless_adc_bits() - adc_bits); 0 where nothing was said
///   slope_bits    16 where a layer has slopes, else 0
///   pool          1 where the layers read a weight pool, else 0
struct HardwareRequest : FixedHardware {
  std::optional<int> adc_bits, joint_lanes, pe_rows, pe_cols, buffer_words, acc_bits, slope_bits, pool;
  std::optional<int> adc_step = 0;
  bool bipolar_weights = false;  ///< weight_bits = 1 was asked for: codes -1 and 1, which need 2
  void ask_weight_bits(int bits) {
    bipolar_weights = bits == 1;
    weight_bits = bits == 1 ? 2 : bits;
  }
  bool operator==(const HardwareRequest&) const = default;
};

/// [hardware] as written.
struct CoreRequest {
  HardwareRequest hw;
  Tables tables = Tables::writable;
  bool event_counters = true;
  Storage storage = Storage::flat;
  bool operator==(const CoreRequest&) const = default;
};

/// One core, nothing automatic left: what is generated, simulated and synthesised.
struct CoreSpec {
  std::string name;  ///< in reports and generated files
  Hardware hw;
  Tables tables = Tables::writable;
  bool event_counters = true;
  Storage storage = Storage::flat;
  bool operator==(const CoreSpec&) const = default;
};

/// One configuration as written.
struct Config {
  std::string path;  ///< as given on the command line
  std::string name;
  CoreRequest core;
  DeviceModel device;                    ///< ideal without [device]
  std::optional<LayerSource> layer;      ///< exactly one of layer and network is set
  std::optional<NetworkSource> network;
  std::map<std::string, Position> positions;  ///< key -> where it was written
  std::map<std::string, std::string> given;   ///< key -> value as TOML text, file and overrides only

  /// Position of `key`, else of its section, else of the file.
  Position locate(const std::string& key) const;
};

/// Reads and checks a configuration. `overrides` are "section.key=value" (value: TOML, or bare text for strings);
/// the last one wins, errors in them are placed at `--set section.key=value`.
/// Errors: InputError with unreadable-file, toml-syntax, unknown-key, missing-key, wrong-type, value-out-of-range,
/// unknown-choice, bad-override, layer-or-network, sampler-and-patches and
/// the rules of validate_hardware.
Config load_config(const std::string& path, const std::vector<std::string>& overrides = {});

/// The same from text; `path` names it in errors and anchors relative paths.
Config parse_config(const std::string& text, const std::string& path, const std::vector<std::string>& overrides = {});

/// `config` with the [device] section of a file of its own. Errors: those of load_config; wrong-section where it has another one.
Config with_device(const Config& config, const std::string& path, const std::vector<std::string>& overrides = {});

/// `base` with overrides of its name, [hardware], [device] and [network]; errors as above, those of base's own values at its
/// positions. What has no file makes its configuration so.
Config with_overrides(const Config& base, const std::vector<std::string>& overrides);

/// Maps a key to where it was written; an empty function means "nowhere".
using Locator = std::function<Position(const std::string& key)>;

/// Checks ranges and rules that need the hardware alone.
/// Errors: value-out-of-range, cell-bits, signed-activation-bits, crossbar-rows-lanes, crossbar-columns-adc,
/// joint-lanes, slope-bits.
void validate_hardware(const Hardware& hw, const Locator& locate = {});

/// joint_lanes = min(lanes, adcs, ceil(adcs * cycles per group / max(1, STEPS*interval-1))): the joint path then never slows a column step down
/// unless lanes bound it.
int automatic_joint_lanes(const FixedHardware& hw);

/// clamp_lo <= clamp_hi, both representable in out_bits bits, unsigned when clamp_lo >= 0, else two's complement.
/// Error: clamp-range.
void check_clamp(const FixedHardware& hw, const Layer& layer, const Position& where);

/// The core that was asked for, as `layers` need it; all layers are checked against it. Without layers: one PE and a
/// buffer of one word. Accumulators that were not asked for have 64 bits, which hold any sum, until the weights are known.
/// Errors: pe-array-too-small, buffer-too-small, buffer-too-large, clamp-range, channel-blocks, slope-not-built and
/// those of validate_hardware.
CoreSpec resolve(const CoreRequest& request, const std::vector<Layer>& layers, const Locator& locate = {});
/// The same with name and positions from the configuration; also refuses tables = "rom" with more than one layer
/// (rom-single-layer).
CoreSpec resolve(const Config& config, const std::vector<Layer>& layers);
/// `core` with accumulators of `bits`, what its layers' weights ask for (accumulator_bound), unless a width was asked for.
CoreSpec with_accumulators(const HardwareRequest& request, CoreSpec core, int bits);
/// Asks for exactly this core.
CoreRequest request_of(const CoreSpec& core);

/// Builds the layer: geometry checks, default or explicit patches, validated. shift is 0 while automatic.
/// Errors, placed in the configuration: clamp-range, layer-too-large (2^27 weights or inputs, 2^20 patches),
/// patch-file (an entry's w, h is not the kernel), those of read_json (placed in the patch
/// file), validate_patches and plan_firings.
Layer make_layer(const LayerSource& source, const FixedHardware& hw);

/// The resolved configuration as TOML: reading it back gives the same text. `core` stands for [hardware]: a resolved
/// core's request_of, or, for a chip, what all its cores have in common. `layers` are listed as comments with their
/// patches. Deterministic; contains no absolute path that the user did not write.
std::string resolved_toml(const Config& config, const CoreRequest& core, const std::vector<Layer>& layers);

/// FNV-1a (64 bits) of the structural part: [hardware] as resolved_toml writes it. Two cores with equal hash have the
/// same RTL apart from ROM contents. A core without slopes has the hash it had before there were any.
std::uint64_t hardware_hash(const CoreRequest& core);
std::uint64_t hardware_hash(const CoreSpec& core);

/// docs/configuration.md, made from the key table.
std::string configuration_markdown();

}  // namespace epim
