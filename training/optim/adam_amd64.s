#include "textflag.h"

// func adamAVX(w, grad, m, v *float32, n int, k *adamKernel[float32])
//
// No multiplication is fused with an addition, as in the portable loop.
TEXT ·adamAVX(SB), NOSPLIT, $0-48
	MOVQ w+0(FP), DI
	MOVQ grad+8(FP), SI
	MOVQ m+16(FP), DX
	MOVQ v+24(FP), CX
	MOVQ n+32(FP), BX
	MOVQ k+40(FP), AX
	SHLQ $2, BX
	XORQ R8, R8
	VBROADCASTSS 0(AX), Y8   // step
	VBROADCASTSS 4(AX), Y9   // beta1
	VBROADCASTSS 8(AX), Y10  // beta2
	VBROADCASTSS 12(AX), Y11 // rest1
	VBROADCASTSS 16(AX), Y12 // rest2
	VBROADCASTSS 20(AX), Y13 // eps

loop:
	VMOVUPS (SI)(R8*1), Y0

	// m = beta1*m + rest1*g
	VMULPS  (DX)(R8*1), Y9, Y1
	VMULPS  Y0, Y11, Y2
	VADDPS  Y2, Y1, Y1
	VMOVUPS Y1, (DX)(R8*1)

	// v = beta2*v + rest2*g*g
	VMULPS  (CX)(R8*1), Y10, Y3
	VMULPS  Y0, Y12, Y4
	VMULPS  Y0, Y4, Y4
	VADDPS  Y4, Y3, Y3
	VMOVUPS Y3, (CX)(R8*1)

	// w -= step*m / (sqrt(v) + eps)
	VSQRTPS Y3, Y3
	VADDPS  Y13, Y3, Y3
	VMULPS  Y8, Y1, Y1
	VDIVPS  Y3, Y1, Y1
	VMOVUPS (DI)(R8*1), Y5
	VSUBPS  Y1, Y5, Y5
	VMOVUPS Y5, (DI)(R8*1)

	ADDQ $32, R8
	CMPQ R8, BX
	JLT  loop
	VZEROUPPER
	RET
