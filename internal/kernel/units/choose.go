package units

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

// Choose sets dst, which has an element for each unit, to those elements of src, which has
// one for each thing. What is chosen next is best so many elements ahead in src; it is
// fetched meanwhile.
func Choose[F Float](dst, src []F, u *Units, ahead int) {
	choose(isa.Active(), dst, src, u, 0, len(u.indices), ahead)
}

// ChooseRange is Choose for units [from, to), with an element of dst for each.
func ChooseRange[F Float](dst, src []F, u *Units, from, to int) {
	choose(isa.Active(), dst, src, u, from, to, 0)
}

func choose[F Float](set isa.Set, dst, src []F, u *Units, from, to, ahead int) {
	indices := u.indices[from:to]
	dst, src = dst[:len(indices)], src[:u.of]
	g := chooseGroups(set, dst, src, u, from, to, ahead)
	chooseSingly(dst[:g.From], src, indices[:g.From])
	chooseSingly(dst[g.To:], src, indices[g.To:])
}

func chooseSingly[F Float](dst, src []F, indices []int) {
	dst = dst[:len(indices)]
	for i, at := range indices {
		dst[i] = src[at]
	}
}
