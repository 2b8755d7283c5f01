// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_frame.hpp"

#include <fmt/format.h>

namespace epim {
namespace {

/// Ports of the frame for one core, named from the frame.
struct Ports {
  Signal s_valid, s_ready, s_data, s_last, m_valid, m_ready, m_data, m_last;
  std::vector<std::uint64_t> in;  ///< the word on s_data
  Ports(Model& frame, std::size_t n) {
    const auto at = [&](const char* name) { return frame.port(core_port(n, name)); };
    s_valid = at("s_valid_o");
    s_ready = at("s_ready_i");
    s_data = at("s_data_o");
    s_last = at("s_last_o");
    m_valid = at("m_valid_i");
    m_ready = at("m_ready_o");
    m_data = at("m_data_i");
    m_last = at("m_last_i");
    in.resize(static_cast<std::size_t>(s_data.bits() + 63) / 64);
    for (Signal* quiet : {&s_ready, &m_valid, &m_last}) quiet->set(0);
  }
};

std::vector<Ports> ports_of(const ChipDesign& chip, Model& frame) {
  std::vector<Ports> all;
  for (std::size_t n = 0; n < chip.cores.size(); ++n) all.emplace_back(frame, n);
  return all;
}

class Predicted : public OutsideCores {
 public:
  Predicted(const ChipDesign& chip, Model& frame, const ChipWords& words, std::vector<CoreSchedule>& schedules)
      : chip_(chip), words_(words), ports_(ports_of(chip, frame)), schedules_(schedules) {
    schedules_.assign(chip.cores.size(), {});
    offered_.assign(chip.cores.size(), -1);
  }

  void drive(const SteppedChip& time) override {
    for (std::size_t n = 0; n < ports_.size(); ++n) {
      const auto b = static_cast<std::size_t>(chip_.cores[n].block);
      const BlockPorts at = time.ports(b);
      schedules_[n].add(at);
      Ports& p = ports_[n];
      p.s_ready.set(at.ready);
      p.m_valid.set(at.valid);
      const std::int64_t word = time.activity(b).words_out;
      if (!at.valid || offered_[n] == word) continue;
      const WordTape& tape = words_.sent[b];
      if (word >= tape.count()) throw CheckFailed("timing", fmt::format("core {}: word {} is predicted, there are {}", name(n), word, tape.count()));
      p.m_data.set_words(tape.at(word));
      p.m_last.set(tape.last(word));
      offered_[n] = word;
    }
  }

  void answered(const SteppedChip& time, std::int64_t cycle) override {
    for (std::size_t n = 0; n < ports_.size(); ++n) {
      const int b = chip_.cores[n].block;
      const BlockPorts at = time.ports(static_cast<std::size_t>(b));
      Ports& p = ports_[n];
      const auto fail = [&](const char* stage, const std::string& text) {
        throw ChipMismatch(stage, fmt::format("cycle {}: {} of core {}", cycle, text, name(n)), cycle);
      };
      if (p.s_valid.high() != at.word || p.m_ready.high() != at.room)
        fail("timing", fmt::format("a word is offered {}, room behind {}, predicted {} and {}: the streams", p.s_valid.high(), p.m_ready.high(), at.word, at.room));
      if (!at.word) continue;
      const int from = chip_.graph.streams[static_cast<std::size_t>(chip_.graph.entering(b).at(0))].from;
      const WordTape& tape = words_.sent[static_cast<std::size_t>(from)];
      const std::int64_t word = time.activity(static_cast<std::size_t>(b)).words_in;
      p.s_data.get_words(p.in.data());
      if (word >= tape.count() || !tape.equals(word, p.in.data())) fail("output", fmt::format("word {} differs from golden at the input", word));
      if (p.s_last.high() != tape.last(word)) fail("output", fmt::format("tlast of word {} is {} at the input", word, p.s_last.high()));
    }
  }

 private:
  const std::string& name(std::size_t n) const { return chip_.cores[n].layer.name; }
  const ChipDesign& chip_;
  const ChipWords& words_;
  std::vector<Ports> ports_;
  std::vector<CoreSchedule>& schedules_;
  std::vector<std::int64_t> offered_;
};

class Stepped : public OutsideCores {
 public:
  Stepped(const ChipDesign& chip, Model& frame, std::vector<std::unique_ptr<CoreModel>> models)
      : chip_(chip), ports_(ports_of(chip, frame)), models_(std::move(models)) {
    // What comes out of a core in a cycle does not depend on what goes in: any input shows it.
    for (auto& m : models_) m->drive(false, nullptr, false, false);
  }

  void drive(const SteppedChip&) override {
    for (std::size_t n = 0; n < ports_.size(); ++n) {
      Ports& p = ports_[n];
      p.s_ready.set(models_[n]->ready());
      p.m_valid.set(models_[n]->valid());
      p.m_data.set_words(models_[n]->word());
      p.m_last.set(models_[n]->last());
    }
  }

  void answered(const SteppedChip&, std::int64_t cycle) override {
    for (std::size_t n = 0; n < ports_.size(); ++n) {
      Ports& p = ports_[n];
      p.s_data.get_words(p.in.data());
      models_[n]->drive(p.s_valid.high(), p.in.data(), p.s_last.high(), p.m_ready.high());
      if (models_[n]->error()) throw ChipMismatch("status", fmt::format("core {}: error_o is set in cycle {}", chip_.cores[n].layer.name, cycle), cycle);
    }
  }

  void edge() override {
    for (auto& m : models_) {
      m->edge();
      m->drive(false, nullptr, false, false);
    }
  }

 private:
  const ChipDesign& chip_;
  std::vector<Ports> ports_;
  std::vector<std::unique_ptr<CoreModel>> models_;
};

/// A core with a load port, between the frame and its own model.
struct LinkedCore {
  Ports frame;
  Signal frame_bus_o, frame_bus_i;
  std::unique_ptr<Model> model;
  Signal clk, bus_i, bus_o, s_valid, s_ready, s_data, s_last, m_valid, m_ready, m_data, m_last;
  std::vector<std::uint64_t> to, from, word, again;

  LinkedCore(const ChipDesign& chip, Model& top, std::size_t n, const std::string& object)
      : frame(top, n), frame_bus_o(top.port(core_port(n, "bus_o"))), frame_bus_i(top.port(core_port(n, "bus_i"))), model(std::make_unique<Model>(object)) {
    const auto at = [&](const char* name) { return model->port(name); };
    clk = at("clk_i"), bus_i = at("bus_i"), bus_o = at("bus_o");
    s_valid = at("s_valid_i"), s_ready = at("s_ready_o"), s_data = at("s_data_i"), s_last = at("s_last_i");
    m_valid = at("m_valid_o"), m_ready = at("m_ready_i"), m_data = at("m_data_o"), m_last = at("m_last_o");
    const auto words = [](const Signal& s) { return static_cast<std::size_t>(s.bits() + 63) / 64; };
    if (bus_i.bits() != frame_bus_o.bits() || bus_o.bits() != frame_bus_i.bits())
      throw std::logic_error("the pins of core " + chip.cores[n].layer.name + " and of its frame differ");
    to.resize(words(bus_i));
    from.resize(words(bus_o));
    again.resize(from.size());
    word.resize(words(m_data));
    for (Signal* s : {&clk, &s_valid, &s_last, &m_ready}) s->set(0);
    s_data.clear();
    bus_i.clear();
    model->eval();
    give();
  }

  /// What the core says, on the frame's ports.
  void give() {
    frame.s_ready.set(s_ready.high());
    frame.m_valid.set(m_valid.high());
    if (m_valid.high()) {
      m_data.get_words(word.data());
      frame.m_data.set_words(word.data());
      frame.m_last.set(m_last.high());
    }
    bus_o.get_words(from.data());
    frame_bus_i.set_words(from.data());
  }

  /// What the frame says, on the core's; false: an output of the core depends on it in this cycle.
  bool take() {
    const bool ready = s_ready.high(), valid = m_valid.high();
    clk.set(0);
    s_valid.set(frame.s_valid.high());
    if (frame.s_valid.high()) {
      frame.s_data.get_words(frame.in.data());
      s_data.set_words(frame.in.data());
      s_last.set(frame.s_last.high());
    }
    m_ready.set(frame.m_ready.high());
    frame_bus_o.get_words(to.data());
    bus_i.set_words(to.data());
    model->eval();
    bus_o.get_words(again.data());
    return s_ready.high() == ready && m_valid.high() == valid && again == from;
  }
};

class LinkedCores {
 public:
  LinkedCores(const ChipDesign& chip, ChipHost& host, const std::vector<std::string>& objects) : chip_(chip), host_(host) {
    for (std::size_t n = 0; n < chip.cores.size(); ++n) cores_.emplace_back(chip, host.model(), n, objects.at(n));
    host.with_cores([this] { before_edge(); }, [this] { after_edge(); }, [this] { in_reset(); });
  }
  ~LinkedCores() { host_.with_cores({}, {}, {}); }
  LinkedCores(const LinkedCores&) = delete;
  LinkedCores& operator=(const LinkedCores&) = delete;

 private:
  void before_edge() {
    for (std::size_t n = 0; n < cores_.size(); ++n)
      if (!cores_[n].take()) throw CheckFailed("protocol", fmt::format("core {}: an output depends on an input of the same cycle", chip_.cores[n].layer.name));
  }
  void in_reset() {
    for (LinkedCore& c : cores_) {
      c.take();
      c.give();
    }
  }
  void after_edge() {
    for (LinkedCore& c : cores_) {
      c.clk.set(1);
      c.model->eval();
      c.give();
    }
  }

  const ChipDesign& chip_;
  ChipHost& host_;
  std::vector<LinkedCore> cores_;
};

}  // namespace

std::unique_ptr<OutsideCores> predicted_cores(const ChipDesign& chip, Model& frame, const ChipWords& words, std::vector<CoreSchedule>& schedules) {
  return std::make_unique<Predicted>(chip, frame, words, schedules);
}

std::unique_ptr<OutsideCores> stepped_cores(const ChipDesign& chip, Model& frame, std::vector<std::unique_ptr<CoreModel>> models) {
  return std::make_unique<Stepped>(chip, frame, std::move(models));
}

std::shared_ptr<void> link_cores(const ChipDesign& chip, ChipHost& host, const std::vector<std::string>& objects) {
  return std::make_shared<LinkedCores>(chip, host, objects);
}

}  // namespace epim
