;; Conway's Game of Life on a torus: one byte per cell, 0 or 1.
;;
;; The board lies at address 0, row after row; the next one is written behind it and then copied back. Used by
;; server.ts, which imports life.wasm. To build that again: npx -p wabt wat2wasm life.wat -o life.wasm
(module
  (memory (export "memory") 1)

  (func $cell (param $x i32) (param $y i32) (param $width i32) (param $height i32) (result i32)
    (i32.load8_u
      (i32.add
        (i32.mul
          (i32.rem_u (i32.add (local.get $y) (local.get $height)) (local.get $height))
          (local.get $width))
        (i32.rem_u (i32.add (local.get $x) (local.get $width)) (local.get $width)))))

  (func $neighbours (param $x i32) (param $y i32) (param $w i32) (param $h i32) (result i32)
    (local $sum i32) (local $dx i32) (local $dy i32)
    (local.set $dy (i32.const -1))
    (loop $rows
      (local.set $dx (i32.const -1))
      (loop $columns
        (local.set $sum
          (i32.add (local.get $sum)
            (call $cell
              (i32.add (local.get $x) (local.get $dx)) (i32.add (local.get $y) (local.get $dy))
              (local.get $w) (local.get $h))))
        (local.set $dx (i32.add (local.get $dx) (i32.const 1)))
        (br_if $columns (i32.le_s (local.get $dx) (i32.const 1))))
      (local.set $dy (i32.add (local.get $dy) (i32.const 1)))
      (br_if $rows (i32.le_s (local.get $dy) (i32.const 1))))
    (i32.sub (local.get $sum) (call $cell (local.get $x) (local.get $y) (local.get $w) (local.get $h))))

  ;; Makes the next generation and gives how many cells live in it.
  (func (export "step") (param $width i32) (param $height i32) (result i32)
    (local $x i32) (local $y i32) (local $at i32) (local $next i32) (local $alive i32) (local $around i32)
    (local.set $next (i32.mul (local.get $width) (local.get $height)))
    (loop $rows
      (local.set $x (i32.const 0))
      (loop $columns
        (local.set $at (i32.add (i32.mul (local.get $y) (local.get $width)) (local.get $x)))
        (local.set $around
          (call $neighbours (local.get $x) (local.get $y) (local.get $width) (local.get $height)))
        ;; Three around it, or two and itself: with the lowest bit of the cell, both are 3.
        (local.set $around
          (i32.eq (i32.or (local.get $around) (i32.load8_u (local.get $at))) (i32.const 3)))
        (i32.store8 (i32.add (local.get $next) (local.get $at)) (local.get $around))
        (local.set $alive (i32.add (local.get $alive) (local.get $around)))
        (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (br_if $columns (i32.lt_u (local.get $x) (local.get $width))))
      (local.set $y (i32.add (local.get $y) (i32.const 1)))
      (br_if $rows (i32.lt_u (local.get $y) (local.get $height))))
    (memory.copy (i32.const 0) (local.get $next) (local.get $next))
    (local.get $alive)))
