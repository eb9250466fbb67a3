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

// func momentumAVX(w, grad, v *float32, n int, lr, momentum float32)
TEXT ·momentumAVX(SB), NOSPLIT, $0-40
	MOVQ w+0(FP), DI
	MOVQ grad+8(FP), SI
	MOVQ v+16(FP), DX
	MOVQ n+24(FP), BX
	SHLQ $2, BX
	XORQ R8, R8
	VBROADCASTSS lr+32(FP), Y8
	VBROADCASTSS momentum+36(FP), Y9

loop:
	// v = momentum*v + g
	VMULPS  (DX)(R8*1), Y9, Y0
	VADDPS  (SI)(R8*1), Y0, Y0
	VMOVUPS Y0, (DX)(R8*1)

	// w -= lr*v
	VMULPS  Y0, Y8, Y0
	VMOVUPS (DI)(R8*1), Y1
	VSUBPS  Y0, Y1, Y1
	VMOVUPS Y1, (DI)(R8*1)

	ADDQ $32, R8
	CMPQ R8, BX
	JLT  loop
	VZEROUPPER
	RET

// func squaresAVX(sums *[8]float64, grad *float32, n int)
TEXT ·squaresAVX(SB), NOSPLIT, $0-24
	MOVQ    sums+0(FP), DI
	MOVQ    grad+8(FP), SI
	MOVQ    n+16(FP), BX
	XORQ    R8, R8
	VMOVUPD (DI), Y0
	VMOVUPD 32(DI), Y1

loop:
	VCVTPS2PD (SI)(R8*4), Y2
	VCVTPS2PD 16(SI)(R8*4), Y3
	VMULPD    Y2, Y2, Y2
	VMULPD    Y3, Y3, Y3
	VADDPD    Y2, Y0, Y0
	VADDPD    Y3, Y1, Y1

	ADDQ $8, R8
	CMPQ R8, BX
	JLT  loop
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	VZEROUPPER
	RET

// ADD_SQUARES sets Y0 to (a*a + b*b) + (c*c + d*d) of four columns.
#define ADD_SQUARES(at) \
	VCVTPS2PD at(SI)(R8*4), Y0 \
	VCVTPS2PD at(DX)(R8*4), Y1 \
	VCVTPS2PD at(CX)(R8*4), Y2 \
	VCVTPS2PD at(AX)(R8*4), Y3 \
	VMULPD    Y0, Y0, Y0       \
	VMULPD    Y1, Y1, Y1       \
	VMULPD    Y2, Y2, Y2       \
	VMULPD    Y3, Y3, Y3       \
	VADDPD    Y1, Y0, Y0       \
	VADDPD    Y3, Y2, Y2       \
	VADDPD    Y2, Y0, Y0

// func addSquaresAVX(sums *float64, a, b, c, d *float32, n int)
TEXT ·addSquaresAVX(SB), NOSPLIT, $0-48
	MOVQ sums+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ c+24(FP), CX
	MOVQ d+32(FP), AX
	MOVQ n+40(FP), BX
	XORQ R8, R8

loop:
	ADD_SQUARES(0)
	VADDPD  (DI)(R8*8), Y0, Y0
	VMOVUPD Y0, (DI)(R8*8)
	ADD_SQUARES(16)
	VADDPD  32(DI)(R8*8), Y0, Y0
	VMOVUPD Y0, 32(DI)(R8*8)

	ADDQ $8, R8
	CMPQ R8, BX
	JLT  loop
	VZEROUPPER
	RET

// func scaleByAVX(x *float32, by *float64, n int)
TEXT ·scaleByAVX(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), DI
	MOVQ by+8(FP), SI
	MOVQ n+16(FP), BX
	XORQ R8, R8

loop:
	VCVTPS2PD   (DI)(R8*4), Y0
	VCVTPS2PD   16(DI)(R8*4), Y1
	VMULPD      (SI)(R8*8), Y0, Y0
	VMULPD      32(SI)(R8*8), Y1, Y1
	VCVTPD2PSY  Y0, X0
	VCVTPD2PSY  Y1, X1
	VMOVUPS     X0, (DI)(R8*4)
	VMOVUPS     X1, 16(DI)(R8*4)

	ADDQ $8, R8
	CMPQ R8, BX
	JLT  loop
	VZEROUPPER
	RET
