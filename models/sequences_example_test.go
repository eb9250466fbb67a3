package models_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A network learns a rhyme by heart, from windows of eight characters whose labels
// are the characters one place further.
func ExampleLSTMLanguageModel() {
	const text = "peas porridge hot, peas porridge cold, peas porridge in the pot, nine days old. "
	const window = 8
	data := &training.Examples{Shape: []int{window}}
	for start := range len(text) - window {
		for i := start; i < start+window; i++ {
			data.X = append(data.X, float32(text[i]))
			data.Y = append(data.Y, int(text[i+1]))
		}
	}
	net := models.LSTMLanguageModel{
		Vocabulary: 128, Width: 16,
		LSTM:          models.LSTM{Units: 48, WeightDrop: 0.1},
		OutputDropout: 0.1,
	}
	model, err := models.New(net, []int{window}, models.WithSeed(1))
	if err != nil {
		log.Fatal(err)
	}
	trainer := &training.Trainer{Model: model, Solver: &optim.Adam{LR: 0.01}, Epochs: 30, BatchSize: 16}
	history, err := trainer.Fit(context.Background(), training.Data{Train: data})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("logits for a window:", model.OutputShape())
	fmt.Println("foretells most characters:", history.Train.Accuracy() > 0.75)
	// Output:
	// logits for a window: [8 128]
	// foretells most characters: true
}

func ExampleTransformerLanguageModel() {
	net := models.TransformerLanguageModel{
		Vocabulary: 65, Context: 64, Width: 32, Blocks: 2,
		Block:            models.TransformerBlock{Heads: 4, AttentionDropout: 0.1, HiddenDropout: 0.1, ResidualDropout: 0.1},
		EmbeddingDropout: 0.1,
	}
	model, err := models.New(net, []int{64})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.NumParams(), model.OutputShape())
	for _, p := range model.Params()[2:14] {
		fmt.Println(p.Name(), p.Value().Shape())
	}
	// Output:
	// 31745 [64 65]
	// blocks.0.norm1.weight (32)
	// blocks.0.norm1.bias (32)
	// blocks.0.self_attn.in_proj_weight (32, 96)
	// blocks.0.self_attn.in_proj_bias (96)
	// blocks.0.self_attn.out_proj.weight (32, 32)
	// blocks.0.self_attn.out_proj.bias (32)
	// blocks.0.norm2.weight (32)
	// blocks.0.norm2.bias (32)
	// blocks.0.linear1.weight (32, 128)
	// blocks.0.linear1.bias (128)
	// blocks.0.linear2.weight (128, 32)
	// blocks.0.linear2.bias (32)
}

func ExampleLSTM() {
	net := models.Sequential{
		models.LSTM{Units: 64, Layers: 2, InputDropout: 0.2, LayerDropout: 0.3, ZoneoutCell: 0.5, ZoneoutHidden: 0.05},
		models.Flatten(),
		models.Linear(20*64, 3),
	}
	model, err := models.New(net, []int{20, 8}) // 20 times of 8 measurements
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range model.Params() {
		fmt.Println(p.Name(), p.Value().Shape())
	}
	// Output:
	// 0.weight_ih_l0 (256, 8)
	// 0.weight_hh_l0 (256, 64)
	// 0.bias_ih_l0 (256)
	// 0.bias_hh_l0 (256)
	// 0.weight_ih_l1 (256, 64)
	// 0.weight_hh_l1 (256, 64)
	// 0.bias_ih_l1 (256)
	// 0.bias_hh_l1 (256)
	// 2.weight (1280, 3)
	// 2.bias (3)
}

func ExampleTabular() {
	net := models.Tabular{
		Inputs: 30, Hidden: []int{64, 64, 64}, Outputs: 2,
		HiddenDropout: 0.05, SelfNormalizing: true,
	}
	model, err := models.New(net, []int{30})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.NumParams(), model.OutputShape())
	// Output: 10434 [2]
}
