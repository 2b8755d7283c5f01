// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Plays a stimulus of epim_stimulus into epim_top and captures its output beats, in a four-state simulator.
///
/// Checked in every cycle after reset, by case equality: no handshake or status output is X or Z; no payload is while
/// its valid is high; an output that waits does not change. Payloads that the testbench drives are X while their valid
/// is low, so that whatever looks at them too early shows. Address and data of a write come independently of each
/// other. At the end every register is read. Beats are written to +captured; the caller compares them.
///
///   +writes=FILE +stream=FILE +captured=FILE +stalls=PERCENT +seed=N +inject=WORD +rounds=1|3 +words=N +beats=N
///
/// `inject` makes the lowest bit of that input word X: the test must then fail. With three rounds, every register is
/// written with a pattern after the run and all are read again (control clears the errors of that), then the stimulus
/// plays once more. `words` and `beats` say how many this stimulus has; without them as many as the parameters.
module icarus_tb #(
  /// Bits of the input and of the output word.
  parameter int InW = 16,
  parameter int OutW = 24,
  /// Control writes, input words at most, output beats.
  parameter int Writes = 1,
  parameter int Words = 1,
  parameter int Beats = 1,
  /// Words of the load port; with EPIM_LOAD only.
  parameter int LoadWords = 1
);

  logic            clk = 1'b0;
  logic            rst_n = 1'b1;  // falls at once: netlists of asynchronous resets need the edge before the first clock
  logic            awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;
  logic [11:0]     awaddr, araddr;
  logic [31:0]     wdata, rdata;
  logic [1:0]      bresp, rresp;
  logic            in_valid, in_ready, in_last, out_valid, out_ready, out_last, busy, error, irq;
  logic [InW-1:0]  in_data;
  logic [OutW-1:0] out_data;
`ifdef EPIM_LOAD
  logic            load_valid, load_ready, load_last;
  logic [63:0]     load_data;
`endif

`ifdef ICARUS_TB_MEM_DIR  // images that are not in the working folder (elsewhere.sh)
  epim_top #(.MemDir(`ICARUS_TB_MEM_DIR)) u_top (
`else
  epim_top u_top (
`endif
    .clk_i(clk), .rst_ni(rst_n),
    .s_axil_awvalid_i(awvalid), .s_axil_awready_o(awready), .s_axil_awaddr_i(awaddr),
    .s_axil_wvalid_i(wvalid), .s_axil_wready_o(wready), .s_axil_wdata_i(wdata), .s_axil_wstrb_i(4'hF),
    .s_axil_bvalid_o(bvalid), .s_axil_bready_i(bready), .s_axil_bresp_o(bresp),
    .s_axil_arvalid_i(arvalid), .s_axil_arready_o(arready), .s_axil_araddr_i(araddr),
    .s_axil_rvalid_o(rvalid), .s_axil_rready_i(rready), .s_axil_rdata_o(rdata), .s_axil_rresp_o(rresp),
`ifdef EPIM_LOAD
    .s_load_tvalid_i(load_valid), .s_load_tready_o(load_ready), .s_load_tdata_i(load_data), .s_load_tlast_i(load_last),
`endif
    .s_axis_tvalid_i(in_valid), .s_axis_tready_o(in_ready), .s_axis_tdata_i(in_data), .s_axis_tlast_i(in_last),
    .m_axis_tvalid_o(out_valid), .m_axis_tready_i(out_ready), .m_axis_tdata_o(out_data), .m_axis_tlast_o(out_last),
    .busy_o(busy), .error_o(error), .irq_o(irq)
  );

  // Program words, before the first write of a round that plays the stimulus.
  logic        loading;
`ifdef EPIM_LOAD
  logic [64:0] load_words [0:LoadWords-1];
  integer      load_at = 0;
  integer      load_tail = 0;   // cycles in which the last words reach their memories
  integer      load_round = 0;
  reg [2047:0] load_name;
  initial if ($value$plusargs("load=%s", load_name)) $readmemh(load_name, load_words);
  assign loading = load_tail < 8;
  always @(posedge clk) begin
    if (!rst_n) begin
      load_valid <= 1'b0;
      load_last  <= 1'bx;
      load_data  <= {64{1'bx}};
    end else begin
      if ((^load_ready) === 1'bx) fail(0);
      if (load_valid && load_ready === 1'b1) load_at = load_at + 1;
      if (!load_valid || load_ready === 1'b1) begin
        if (load_at < LoadWords && round != 1 && !stall(0)) begin
          load_valid <= 1'b1;
          {load_last, load_data} <= load_words[load_at];
        end else begin
          load_valid <= 1'b0;
          load_last  <= 1'bx;
          load_data  <= {64{1'bx}};
        end
      end
      if (load_at == LoadWords) load_tail = load_tail + 1;
      if (loading) quiet = 0;
      if (round != load_round) begin  // the next round loads again
        load_round = round;
        if (round != 1) begin
          load_at   = 0;
          load_tail = 0;
        end
      end
    end
  end
`else
  assign loading = 1'b0;
`endif

  // The rules of the ports.
  logic [7:0] slave;
  logic [8:0] master;
  logic [2:0] stream_rules;
  epim_axil_check #(.AddrW(12)) u_axil_check (
    .clk_i(clk), .rst_ni(rst_n), .awvalid_i(awvalid), .awready_i(awready), .awaddr_i(awaddr), .wvalid_i(wvalid),
    .wready_i(wready), .wdata_i(wdata), .wstrb_i(4'hF), .bvalid_i(bvalid), .bready_i(bready), .bresp_i(bresp),
    .arvalid_i(arvalid), .arready_i(arready), .araddr_i(araddr), .rvalid_i(rvalid), .rready_i(rready),
    .rdata_i(rdata), .rresp_i(rresp), .slave_o(slave), .master_o(master)
  );
  epim_axis_check #(.Width(OutW + 1)) u_axis_check (
    .clk_i(clk), .rst_ni(rst_n), .valid_i(out_valid), .ready_i(out_ready), .payload_i({out_last, out_data}),
    .broken_o(stream_rules)
  );

  always #5 clk = !clk;

  // Stimulus: address and data in turn; tlast above the input word.
  logic [31:0]  writes [0:2*Writes-1];
  logic [InW:0] stream [0:Words-1];
  reg [2047:0]  name;
  integer       captured, stalls, seed, inject, rounds, words_due, beats_due;
  integer       errors = 0;
  integer       cycle = 0;        // since reset
  integer       run_cycles = 0;   // while busy
  integer       quiet = 0;
  integer       round = 0;        // 0 and 2 play the stimulus, 1 writes the registers
  integer       writes_due = Writes;
  integer       beats = 0;        // of this round
  integer       reads = 0;        // registers read
  logic [31:0]  folded = '0;      // all that was read: for comparisons between runs
  integer       tail = 0;         // idle cycles after the run

  initial begin
    if ($value$plusargs("writes=%s", name)) $readmemh(name, writes);
    if (!$value$plusargs("words=%d", words_due)) words_due = Words;
    if (!$value$plusargs("beats=%d", beats_due)) beats_due = Beats;
    if ($value$plusargs("stream=%s", name)) $readmemh(name, stream, 0, words_due - 1);
    if (!$value$plusargs("captured=%s", name)) name = "captured.hex";
    captured = $fopen(name, "w");
    if (!$value$plusargs("stalls=%d", stalls)) stalls = 30;
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("inject=%d", inject)) inject = -1;
    if (!$value$plusargs("rounds=%d", rounds)) rounds = 1;
    #1 rst_n = 1'b0;
    repeat (4) @(posedge clk);
    #1 rst_n = 1'b1;
  end

  task automatic fail(input integer what);
    begin
      errors = errors + 1;
      if (errors <= 10) begin
        case (what)
          0: $display("FAIL cycle %0d: X or Z on a handshake or busy: aw %b w %b b %b ar %b r %b in %b out %b busy %b",
                      cycle, awready, wready, bvalid, arready, rvalid, in_ready, out_valid, busy);
          1: $display("FAIL cycle %0d: X or Z in a write response %b", cycle, bresp);
          2: $display("FAIL cycle %0d: write refused, response %b", cycle, bresp);
          3: $display("FAIL cycle %0d: X or Z in read data %h response %b", cycle, rdata, rresp);
          4: $display("FAIL cycle %0d: X or Z in output beat %0d: %h last %b", cycle, beats, out_data, out_last);
          5: $display("FAIL cycle %0d: output beat %0d changes while it waits", cycle, beats);
          6: $display("FAIL cycle %0d: no end: %0d of %0d writes, %0d of %0d words, %0d of %0d beats, busy %b", cycle,
                      write_at, writes_due, word_at, words_due, beats, beats_due, busy);
          7: $display("FAIL cycle %0d: %0d beats, expected %0d", cycle, beats, beats_due);
          10: $display("FAIL cycle %0d: a rule of the bus is broken: control %b, output %b (tb/protocol)", cycle, slave, stream_rules);
          8: $display("FAIL cycle %0d: register id reads %h", cycle, rdata);
          default: $display("FAIL cycle %0d: status reads %h: not done and free of errors", cycle, rdata);
        endcase
      end
    end
  endtask

  function automatic logic stall(input integer unused);
    stall = ($unsigned($random(seed)) % 100) < stalls;
  endfunction

  task automatic finish;
    begin
      $fclose(captured);
      if (errors == 0) begin
        $display("PASS %0d beats in %0d cycles, %0d writes, %0d registers read, folded %h", beats, run_cycles, Writes,
                 reads, folded);
      end else $display("FAIL %0d errors", errors);
      $finish;
    end
  endtask

  // Outputs are sampled at the clock edge, inputs change after it.
  integer          write_at = 0;
  integer          word_at = 0;
  logic            aw_done, w_done, armed, held;
  logic [OutW:0]   held_beat;
  logic            wrote, read_done;
  logic [InW:0]    word;
  localparam logic [31:0] Control = 32'h010;
  logic [31:0]     poke;  // address of round 1: from the highest down, so that control comes last of those that act

  always @(posedge clk) begin
    if (!rst_n) begin
      awvalid   <= 1'b0;
      wvalid    <= 1'b0;
      aw_done   = 1'b0;
      w_done    = 1'b0;
      bready    <= 1'b0;
      arvalid   <= 1'b0;
      rready    <= 1'b0;
      in_valid  <= 1'b0;
      in_last   <= 1'bx;
      in_data   <= {InW{1'bx}};
      awaddr    <= 12'hxxx;
      wdata     <= 32'hxxxxxxxx;
      araddr    <= 12'hxxx;
      out_ready <= 1'b0;
      held      <= 1'b0;
      armed     <= 1'b0;
    end else begin
      cycle = cycle + 1;
      quiet = quiet + 1;
      if (busy === 1'b1) run_cycles = run_cycles + 1;

      // Checks.
      if ((^{awready, wready, bvalid, arready, rvalid, in_ready, out_valid, busy, error, irq}) === 1'bx) fail(0);
      if (slave !== 8'd0 || stream_rules !== 3'd0) fail(10);
      if (bvalid === 1'b1 && (^bresp) === 1'bx) fail(1);
      if (bvalid === 1'b1 && bready) begin
        if (round != 1 && bresp !== 2'b00) fail(2);
        folded = {folded[30:0], folded[31]} ^ {30'b0, bresp};
      end
      if (rvalid === 1'b1 && (^{rdata, rresp}) === 1'bx) fail(3);
      if (out_valid === 1'b1 && (^{out_data, out_last}) === 1'bx) fail(4);
      if (held && (out_valid !== 1'b1 || {out_last, out_data} !== held_beat)) fail(5);
      held      <= out_valid === 1'b1 && !out_ready;
      held_beat <= {out_last, out_data};

      // Writes, in order; the next one is offered as soon as one is taken.
      if (awvalid && awready === 1'b1) begin
        awvalid <= 1'b0;
        awaddr  <= 12'hxxx;
        aw_done = 1'b1;
      end
      if (wvalid && wready === 1'b1) begin
        wvalid <= 1'b0;
        wdata  <= 32'hxxxxxxxx;
        w_done = 1'b1;
      end
      wrote = aw_done && w_done;
      if (wrote) begin
        write_at = write_at + 1;
        aw_done  = 1'b0;
        w_done   = 1'b0;
        quiet    = 0;
      end
      poke = {23'b0, 7'(127 - write_at), 2'b00};
      if (write_at < writes_due && !(loading && round != 1)) begin
        if (!(awvalid && awready !== 1'b1) && !aw_done && !stall(0)) begin
          awvalid <= 1'b1;
          awaddr  <= round == 1 ? poke[11:0] : writes[2*write_at][11:0];
        end
        if (!(wvalid && wready !== 1'b1) && !w_done && !stall(0)) begin
          wvalid <= 1'b1;
          wdata  <= round != 1 ? writes[2*write_at+1] : poke == Control ? 32'd2 : 32'h9e3779b9 * poke;
        end
      end
      bready <= !stall(0);

      // Input words: offered from the first write on, although nothing may be taken before the start.
      if (in_valid && in_ready === 1'b1) begin
        word_at = word_at + 1;
        quiet   = 0;
      end
      if (!in_valid || in_ready === 1'b1) begin
        if (word_at < words_due && !stall(0)) begin
          word = stream[word_at];
          if (word_at == inject) word[0] = 1'bx;
          in_valid <= 1'b1;
          in_data  <= word[InW-1:0];
          in_last  <= word[InW];
        end else begin
          in_valid <= 1'b0;
          in_data  <= {InW{1'bx}};
          in_last  <= 1'bx;
        end
      end

      // Output beats.
      if (out_valid === 1'b1 && out_ready) begin
        $fdisplay(captured, "%h", {out_last, out_data});
        beats = beats + 1;
        quiet = 0;
      end
      out_ready <= !stall(0);

      // After the run: all registers, one after the other. A refused address only has to answer.
      if (write_at == writes_due && beats >= beats_due && busy === 1'b0) tail = tail + 1;
      if (tail > 40) begin
        read_done = rvalid === 1'b1 && rready;
        if (read_done) begin
          if (reads == 0 && rdata !== 32'h4550494D) fail(8);
          if (round != 1 && reads == 5 && (rdata[15:8] !== 8'h00 || rdata[2:0] !== 3'b110)) fail(9);
          folded = {folded[30:0], folded[31]} ^ rdata ^ {30'b0, rresp};
          reads = reads + 1;
          armed <= 1'b0;
          quiet = 0;
        end
        if (arvalid && arready === 1'b1) begin
          arvalid <= 1'b0;
          araddr  <= 12'hxxx;
        end else if (!arvalid && !armed && reads < 128 && !stall(0)) begin
          arvalid <= 1'b1;
          armed   <= 1'b1;
          araddr  <= {reads[9:0], 2'b00};
        end
        rready <= !stall(0);
        if (reads == 128) begin
          if (beats != beats_due) fail(7);
          round = round + 1;
          if (round == rounds || errors != 0) begin
            finish;
          end else begin
            reads      = 0;
            tail       = 0;
            write_at   = 0;
            writes_due = round == 1 ? 128 : Writes;
            if (round != 1) begin
              word_at = 0;
              beats   = 0;
            end
          end
        end
      end
      if (quiet > 20000) begin
        fail(6);
        finish;
      end
    end
  end

endmodule
