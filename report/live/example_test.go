package live_test

import (
	"fmt"
	"net/http"

	"github.com/gorgonia-dropout/dropout/report/live"
	"github.com/gorgonia-dropout/dropout/training"
)

func ExampleServer() {
	server := live.New("MNIST")
	listener, err := live.Listen(":0") // this machine alone
	if err != nil {
		fmt.Println(err)
		return
	}
	defer listener.Close()
	go server.Serve(listener)
	trainer := &training.Trainer{Callbacks: []training.Callback{server.Watch("with dropout", 1)}}
	_ = trainer // trainer.Fit(...)
	page, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	page.Body.Close()
	fmt.Println(page.Status)
	// Output:
	// 200 OK
}
