package onnx

import (
	"io"
	"math"
	"slices"

	"github.com/pkg/errors"
	"google.golang.org/protobuf/proto"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
	"github.com/gorgonia-dropout/dropout/internal/datafile"
	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
	"github.com/gorgonia-dropout/dropout/models"
)

const (
	maxFile  = math.MaxInt32 // what protocol buffers can hold
	maxNodes = 1 << 16
	maxDepth = 50 // of messages in messages
)

// A Network is a network of an ONNX file. It is a [models.Layer] whose
// parameters start as the weights of the file.
type Network struct {
	nodes   []*onnxpb.NodeProto
	known   map[string]*array // initializers by name
	in, out string
	input   []int
	after   map[string][]models.Layer // by the name of the node
}

// A Node is an operation of a [Network].
type Node struct {
	Name string // its output's where the file gives it none
	Op   string // such as "Gemm"
}

// Load reads the ONNX file at path as [Import] does.
func Load(path string) (*Network, error) {
	f, err := datafile.Open(path)
	if err != nil {
		return nil, errors.Wrap(err, "onnx: Load")
	}
	defer f.Close()
	n, err := read(f)
	return n, errors.WithMessagef(err, "onnx: Load: %s", path)
}

// Import reads an ONNX file with one input, whose first axis is the batch, and
// one output that counts; further outputs are ignored. All other sizes of the
// input must be in the file, or be set by [Network.SetInput].
//
// Networks may have the operators that [Export] writes and those that PyTorch
// writes for such networks: Gemm, MatMul, Conv and poolings of images and
// sequences, the usual activations, Softmax, BatchNormalization,
// LayerNormalization, LSTM and GRU in one direction, Gather as an embedding,
// Dropout, arithmetic, and what changes shapes. Others are an error of
// [Network.Model] that names the node. Weights may be of 16, 32 or 64 bits; what is
// computed has the model's type.
func Import(r io.Reader) (*Network, error) {
	n, err := read(r)
	return n, errors.WithMessage(err, "onnx: Import")
}

func read(r io.Reader) (*Network, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, errors.Errorf("file must be at most %d bytes", maxFile)
	}
	var file onnxpb.ModelProto
	if err := (proto.UnmarshalOptions{RecursionLimit: maxDepth}).Unmarshal(data, &file); err != nil {
		return nil, errors.Wrap(err, "not an ONNX file")
	}
	g := file.GetGraph()
	if g == nil || len(g.GetNode()) == 0 {
		return nil, errors.New("file must have a graph with nodes, got none: it is not an ONNX file or empty")
	}
	if len(g.GetNode()) > maxNodes || len(g.GetInitializer()) > maxNodes {
		return nil, errors.Errorf("graph must have at most %d nodes and tensors, got %d and %d", maxNodes, len(g.GetNode()), len(g.GetInitializer()))
	}
	n := &Network{nodes: g.GetNode(), known: make(map[string]*array), after: make(map[string][]models.Layer)}
	for _, t := range g.GetInitializer() {
		if t.GetName() == "" || n.known[t.GetName()] != nil {
			return nil, errors.Errorf("tensors must have different names, got %q", t.GetName())
		}
		if n.known[t.GetName()], err = arrayOf(t); err != nil {
			return nil, errors.WithMessagef(err, "tensor %q", t.GetName())
		}
	}
	for i, node := range n.nodes {
		if node.GetName() == "" && len(node.GetOutput()) > 0 {
			n.nodes[i].Name = node.GetOutput()[0]
		}
	}
	if err := n.ends(g); err != nil {
		return nil, err
	}
	n.nodes = needed(withGELU(n.nodes, n.known), n.out)
	return n, nil
}

// ends finds the input and the output.
func (n *Network) ends(g *onnxpb.GraphProto) error {
	var inputs []*onnxpb.ValueInfoProto
	for _, in := range g.GetInput() {
		if n.known[in.GetName()] == nil { // old files list weights too
			inputs = append(inputs, in)
		}
	}
	if len(inputs) != 1 || len(g.GetOutput()) == 0 {
		return errors.Errorf("graph must have one input and an output, got %d and %d", len(inputs), len(g.GetOutput()))
	}
	n.in, n.out = inputs[0].GetName(), g.GetOutput()[0].GetName()
	dims := inputs[0].GetType().GetTensorType().GetShape().GetDim()
	if len(dims) < 2 || len(dims) > maxAxes {
		return errors.Errorf("input must have 2 to %d axes, of which the first is the batch, got %d", maxAxes, len(dims))
	}
	for _, d := range dims[1:] {
		if d.GetDimValue() <= 0 || d.GetDimValue() > maxElements {
			n.input = nil // not known
			return nil
		}
		n.input = append(n.input, int(d.GetDimValue()))
	}
	return nil
}

// needed returns the nodes that an output depends on.
func needed(nodes []*onnxpb.NodeProto, output string) []*onnxpb.NodeProto {
	wanted := map[string]bool{output: true}
	var kept []*onnxpb.NodeProto
	for _, node := range slices.Backward(nodes) {
		if slices.ContainsFunc(node.GetOutput(), func(name string) bool { return wanted[name] }) {
			kept = append(kept, node)
			for _, in := range node.GetInput() {
				wanted[in] = true
			}
		}
	}
	slices.Reverse(kept)
	return kept
}

// InputShape returns the shape of an example, nil if the file leaves it open.
func (n *Network) InputShape() []int { return slices.Clone(n.input) }

// SetInput sets the shape of an example, for files that leave it open.
func (n *Network) SetInput(shape ...int) error {
	size, err := bounded.Product(maxElements, shape...)
	if err != nil || size == 0 {
		return errors.Errorf("onnx: SetInput: shape must be positive, got %v", shape)
	}
	n.input = slices.Clone(shape)
	return nil
}

// Nodes returns the operations in order. Constants are left out.
func (n *Network) Nodes() []Node {
	var nodes []Node
	for _, p := range n.nodes {
		if p.GetOpType() != "Constant" {
			nodes = append(nodes, Node{Name: p.GetName(), Op: p.GetOpType()})
		}
	}
	return nodes
}

// InsertAfter applies a layer, such as [models.Dropout], to the output of the
// node of that name or of all nodes of that operator ("Relu"). It is an error
// if there is none. Several layers after one node are applied in the order of
// the calls. The models that [Network.Model] has returned stay as they are.
func (n *Network) InsertAfter(node string, layer models.Layer) error {
	if layer == nil {
		return errors.New("onnx: InsertAfter: layer must be set, got nil")
	}
	found := false
	after := make(map[string][]models.Layer)
	for name, layers := range n.after {
		after[name] = slices.Clone(layers)
	}
	for _, p := range n.nodes {
		if p.GetName() == node || p.GetOpType() == node {
			found = true
			after[p.GetName()] = append(after[p.GetName()], layer)
		}
	}
	if !found {
		return errors.Errorf("onnx: InsertAfter: network must have a node or an operator of that name, got %q", node)
	}
	n.after = after
	return nil
}

// Model returns a model of the network. Its parameters have the names of the
// file's or, where an exporter has replaced these, those that PyTorch would give
// them: Model.Save writes what the original network can load.
func (n *Network) Model(opts ...models.Option) (*models.Model, error) {
	if n.input == nil {
		return nil, errors.New("onnx: Model: shape of the input must be set by SetInput, as the file leaves it open")
	}
	fixed := *n
	m, err := models.New(&fixed, n.input, opts...)
	return m, errors.WithMessage(err, "onnx: Model")
}

// Apply adds the network to the graph of x.
func (n *Network) Apply(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	r := &run{net: n, scope: s, values: make(map[string]value), names: make(map[numbersOf]string), taken: make(map[string]bool)}
	for name, a := range n.known {
		r.values[name] = value{known: a}
	}
	r.values[n.in] = value{node: x}
	for _, node := range n.nodes {
		if err := r.add(node); err != nil {
			return nil, s.Wrap(err, "node "+node.GetName()+" ("+node.GetOpType()+")")
		}
	}
	y := r.values[n.out].node
	if y == nil {
		return nil, s.Errorf("output %q must be computed from the input", n.out)
	}
	return y, nil
}
