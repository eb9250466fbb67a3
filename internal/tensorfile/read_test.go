package tensorfile

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

// Each of the 65,536 numbers of binary16 is sign * 2^(e-15) * (1 + f/1024), or
// sign * 2^-14 * f/1024 where e is 0 (IEEE 754).
func TestHalf(t *testing.T) {
	for b := range 1 << 16 {
		sign, e, f := 1.0, b>>10&31, float64(b&1023)
		if b>>15 == 1 {
			sign = -1
		}
		want := math.Copysign(math.Ldexp(1+f/1024, e-15), sign)
		switch {
		case e == 0:
			want = math.Copysign(math.Ldexp(f/1024, -14), sign)
		case e == 31 && f == 0:
			want = math.Inf(int(sign))
		case e == 31:
			if got := FromF16(uint16(b)); got == got {
				t.Fatalf("%#04x is %v, want NaN", b, got)
			}
			continue
		}
		if got := FromF16(uint16(b)); math.Float32bits(got) != math.Float32bits(float32(want)) {
			t.Fatalf("%#04x is %v, want %v", b, got, want)
		}
	}
}

func TestDense(t *testing.T) {
	data := func(values ...any) (b []byte) {
		for _, v := range values {
			b, _ = binary.Append(b, binary.LittleEndian, v)
		}
		return b
	}
	for name, tt := range map[string]struct {
		tensor Tensor
		dt     tensor.Dtype
		want   any
		err    string
	}{
		"F16":                {Tensor{F16, tensor.Shape{2}, data(uint16(0x3c00), uint16(0xc100))}, tensor.Float32, []float32{1, -2.5}, ""},
		"BF16":               {Tensor{BF16, tensor.Shape{2}, data(uint16(0x3f80), uint16(0xc020))}, tensor.Float32, []float32{1, -2.5}, ""},
		"BF16 to float64":    {Tensor{BF16, tensor.Shape{1}, data(uint16(0x3f81))}, tensor.Float64, []float64{1.0078125}, ""},
		"F32 to float64":     {Tensor{F32, tensor.Shape{1}, data(float32(0.1))}, tensor.Float64, []float64{float64(float32(0.1))}, ""},
		"F64 to float32":     {Tensor{F64, tensor.Shape{1}, data(0.1)}, tensor.Float32, []float32{0.1}, ""},
		"infinity":           {Tensor{F64, tensor.Shape{1}, data(math.Inf(-1))}, tensor.Float32, []float32{float32(math.Inf(-1))}, ""},
		"scalar":             {Tensor{F64, nil, data(2.5)}, tensor.Float32, float32(2.5), ""},
		"scalar of float64":  {Tensor{F16, nil, data(uint16(0x3c00))}, tensor.Float64, 1.0, ""},
		"too large":          {Tensor{F64, tensor.Shape{2}, data(1.0, 1e39)}, tensor.Float32, nil, "numbers must fit float32, got 1e+39 at 1"},
		"integers":           {Tensor{"I64", nil, data(int64(7))}, tensor.Float32, nil, "type must be F16, BF16, F32 or F64, got I64"},
		"to another of ours": {Tensor{F32, tensor.Shape{1}, data(float32(1))}, tensor.Int, nil, "must become float32 or float64, got int"},
	} {
		got, err := tt.tensor.Dense(tt.dt)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: want error %q, got %v", name, tt.err, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		switch want := tt.want.(type) {
		case []float32:
			if !got.Eq(tensor.New(tensor.WithShape(len(want)), tensor.WithBacking(want))) {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		case []float64:
			if !got.Eq(tensor.New(tensor.WithShape(len(want)), tensor.WithBacking(want))) {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		default:
			if !got.Shape().IsScalar() || got.ScalarValue() != want {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
	}
}
