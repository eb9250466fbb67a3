package main

import "github.com/gorgonia-dropout/dropout/internal/kernel/assembly"

var (
	// inLane takes the bytes of a 128-bit lane, the mask of half h of block l
	// at 2l+h for each of two words, to those of four blocks side by side;
	// acrossLanes then does so for eight.
	inLane = assembly.Table("in_lane",
		0x06040200, 0x07050301, 0x0e0c0a08, 0x0f0d0b09,
		0x06040200, 0x07050301, 0x0e0c0a08, 0x0f0d0b09)
	acrossLanes = assembly.Table("across_lanes", 0, 4, 1, 5, 2, 6, 3, 7)

	// elementOrder takes the 16-bit quarters 4l+h of the lanes of two words of
	// the state to the order of elements.
	elementOrder = assembly.Table("element_order",
		4<<16|0, 12<<16|8, 20<<16|16, 28<<16|24,
		5<<16|1, 13<<16|9, 21<<16|17, 29<<16|25,
		36<<16|32, 44<<16|40, 52<<16|48, 60<<16|56,
		37<<16|33, 45<<16|41, 53<<16|49, 61<<16|57)
)
