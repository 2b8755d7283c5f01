// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Configuration, component constants and quirks of the `mnsim` estimation model (MNSIM 2.0, commit ca39ccb).
#pragma once
#include <array>
#include <string>
#include <vector>

#include "golden/diagnostic.hpp"
#include "golden/files/json_document.hpp"

namespace epim {

/// The keys of MNSIM's SimConfig.ini that its hardware models read; names and units as in gen/cost/data/mnsim.toml.
struct MnsimConfig {
  std::array<double, 2> read_voltage{};       ///< V, lowest and highest
  double read_latency = 0;                    ///< ns
  int device_level = 0;                       ///< levels per cell
  std::array<double, 2> device_resistance{};  ///< ohm, highest and lowest
  double device_area = 0;                     ///< um2
  std::array<int, 2> xbar_size{};             ///< rows, columns
  int subarray_size = 0;                      ///< rows
  int transistor_tech = 0;                    ///< nm
  int dac_choice = 0, dac_precision = 0;
  double dac_area = 0, dac_power = 0, dac_sample_rate = 0;  ///< used with choice -1
  int adc_choice = 0, adc_precision = 0;
  double adc_area = 0, adc_power = 0, adc_sample_rate = 0;  ///< used with choice -1
  int xbar_polarity = 0;                      ///< crossbars per weight bit: 1 or 2
  int sub_position = 0;                       ///< subtraction of the polarities: 0 analog, 1 after the ADC
  int group_num = 0;
  int dac_num = 0, adc_num = 0;               ///< per subarray and group; adc_num 0 = derived from the areas
  double pe_inbuf_size = 0, tile_outbuf_size = 0;  ///< KB; 0 = sized by the network
  double digital_frequency = 0;               ///< MHz
  int adder_tech = 0, shiftreg_tech = 0, reg_tech = 0, joint_tech = 0;  ///< nm
  double adder_area = 0, adder_power = 0, shiftreg_area = 0, shiftreg_power = 0;  ///< 0 = from the constants
  double reg_area = 0, reg_power = 0, joint_area = 0, joint_power = 0;
  std::array<int, 2> pe_num{};                ///< PEs per tile; 0,0 = 4,4
  std::array<int, 2> pooling_shape{};
  int pooling_unit_num = 0, pooling_tech = 0;
  double inter_tile_bandwidth = 0, intra_tile_bandwidth = 0;  ///< Gbit/s
  int buffer_technology = 0, buffer_bitwidth = 0;
  int tile_connection = 0;                    ///< order of tiles: 0 rows, 1 snake, 2 square shells, 3 diagonals
  std::array<int, 2> tile_num{};              ///< tiles of the chip; 0,0 = 8,8
};

/// Component constants; meanings and units in gen/cost/data/mnsim.toml.
struct MnsimConstants {
  double buffer_cycle = 0, element_sum = 0, pooling_latency = 0, pooling_power = 0, pooling_area = 0;
  double decoder_latency = 0, mux_latency = 0, transistor_power = 0, transistor_area = 0, row_driver_area = 0;
  double wire_quadratic = 0, wire_linear = 0, wire_constant = 0;
  double shift_register_power = 0, shift_register_area = 0, register_power = 0, register_area = 0;
  double joint_power = 0, joint_area = 0;
};

struct ConverterRow {
  int choice = 0, bits = 0;
  double area = 0, power = 0, compat_power = 0, rate = 0;  ///< um2, W, W, GSamples/s
  bool ramp = false;
};
struct AdderRow {
  int node = 0;
  double power = 0, area = 0;  ///< W, um2 per bit
};
struct SramRow {
  int size = 0, width = 0;                            ///< KB, bit
  double leakage = 0, read = 0, write = 0, area = 0;  ///< mW, nJ, nJ, mm2
};
struct SramTable {
  int node = 0;  ///< nm
  std::vector<SramRow> rows;
};

struct MnsimData {
  MnsimConfig config;
  MnsimConstants constants;
  std::vector<ConverterRow> adc, dac;
  std::vector<AdderRow> adder;
  std::vector<SramTable> sram;
};

/// Behaviour of MNSIM that looks like a slip. false (default): the sane choice; true: as MNSIM does it.
struct MnsimQuirks {
  bool one_pair_per_bit = false;         ///< cells hold one bit whatever Device_Level says
  bool no_accumulator_energy = false;    ///< element sums (global buffer, adders) cost no energy and no area
  bool no_adder_tree_energy = false;     ///< the adder trees of PE groups cost no energy
  bool dac8_power_in_watts = false;      ///< 0.4992 W for one 8-bit DAC; sane: 0.4992 mW
  bool sum_distance_first_tile = false;  ///< an element sum's way to a layer ends at that layer's topmost tile
  bool pooling_power_table = false;      ///< pooling power is known for 3x3 windows only and ignores the unit count
  bool pooling_reads_output_twice = false;  ///< a pooled pixel waits for two reads of the output buffer

  /// All of them: reproduces MNSIM.
  static MnsimQuirks compat();
};

/// Reads gen/cost/data/mnsim.toml. Throws InputError unreadable-file, toml-syntax, missing-key, unknown-key, wrong-type,
/// value-out-of-range with the position; every value must carry unit, node_nm and source.
MnsimData load_mnsim_data(const std::string& path);

/// Sets one key of SimConfig.ini (Xbar_Size, ADC_Num, ...). Lists of more than two values (levels, voltages) keep the
/// first and the last. A Subarray_Size that no longer divides Xbar_Size's rows is set to them.
/// Throws InputError unknown-key, wrong-type, value-out-of-range at `where`.
void set_mnsim_key(MnsimConfig& config, const std::string& key, const std::vector<double>& values,
                   const Position& where = {});

/// Applies an object of overrides: {"ADC_Num": 64, "Xbar_Size": [128,128], "Tile_Num": "16,16"}, plain or grouped by
/// the sections of SimConfig.ini ({"Process element level": {"ADC_Num": 64}}). Errors as set_mnsim_key.
void apply_mnsim_overrides(MnsimConfig& config, const JsonValue& overrides);

/// Applies a whole SimConfig.ini, or a JSON file: an object of overrides or one with a member `overrides`. Returns the keys
/// of an .ini that the hardware models do not read (no effect here). Errors as set_mnsim_key, unreadable-file and those of
/// read_json; `ini-syntax` for a line that is neither a section, a comment nor key = value.
std::vector<std::string> apply_mnsim_file(MnsimConfig& config, const std::string& path);

/// Sets a quirk by name, or all of them with name "compat". Throws InputError unknown-key listing the names.
void set_mnsim_quirk(MnsimQuirks& quirks, const std::string& name, bool value);

}  // namespace epim
