package variant

// A Choice is a method with its settings on a set.
type Choice struct {
	Set      string    `json:"set"`
	Method   string    `json:"method"`
	Settings []float64 `json:"settings,omitempty"` // in the order of the method's
	Decay    float64   `json:"decay"`              // of the weights, decoupled from the gradient
}

// At returns a method with the settings at the given places of their spaces: those of the
// learning rate, which is not in it, of the decay, and of the method's own.
func At(set Set, m Method, at []float64) *Choice {
	c := &Choice{Set: set.Name, Method: m.Name, Decay: Decay.At(at[1])}
	for i, s := range m.Settings {
		c.Settings = append(c.Settings, s.At(at[2+i]))
	}
	return c
}

// On returns the set.
func (c *Choice) On() Set { return SetNamed(c.Set) }

// By returns the method.
func (c *Choice) By() Method { return c.On().Method(c.Method) }
