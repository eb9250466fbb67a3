"use strict";
const at = id => document.getElementById(id);
const percent = p => (100 * p).toFixed(1) + " %";
let running = null; // the request under way, which a later one makes useless

function show(a) {
	at("said").textContent = a.prediction + ", with probability " + percent(a.probability);
	at("shares").replaceChildren(...a.probabilities.map(s => {
		const line = document.createElement("li"), name = document.createElement("span"), track = document.createElement("div"),
			bar = document.createElement("div"), value = document.createElement("span");
		name.textContent = s.class;
		track.className = "track";
		bar.style.width = 100 * s.probability + "%";
		track.append(bar);
		value.textContent = percent(s.probability);
		line.className = s.class === a.prediction ? "best" : "";
		line.append(name, track, value);
		return line;
	}));
	let unsure = "Uncertainty: " + a.entropy_nats.toFixed(3) + " nats";
	if (a.passes > 0) unsure += ", of which " + a.model_uncertainty.toFixed(3) + " are disagreement between " + a.passes + " passes with dropout";
	if (a.unlike_training_data === true) unsure += ". That is more than of 99 % of images that the network was not trained on: this one is unlike the training data.";
	if (a.unlike_training_data === false) unsure += ". That is usual for images that the network was not trained on.";
	at("unsure").textContent = unsure;
	at("input").src = a.input;
	at("input").alt = "The input of the network, read as " + a.prediction;
}

async function predict(blob) {
	if (running) running.abort();
	const mine = running = new AbortController();
	let error = "", answer = null;
	try {
		const res = await fetch("predict", {method: "POST", body: blob, signal: mine.signal});
		answer = await res.json();
		if (!res.ok) error = answer.error;
	} catch (e) {
		if (mine.signal.aborted) return;
		error = "The program does not answer: " + e.message;
	}
	if (mine !== running) return;
	at("wait").hidden = true;
	at("error").hidden = error === "";
	at("error").textContent = error;
	at("result").hidden = error !== "";
	if (error === "") show(answer);
}

at("file").addEventListener("change", () => { if (at("file").files.length > 0) predict(at("file").files[0]); });

const canvas = at("canvas");
if (canvas) {
	const pen = canvas.getContext("2d");
	const clear = () => {
		pen.fillStyle = "#ffffff";
		pen.fillRect(0, 0, canvas.width, canvas.height);
		pen.strokeStyle = "#000000";
		pen.lineWidth = 20;
		pen.lineCap = pen.lineJoin = "round";
	};
	clear();
	let drawing = false;
	const place = e => {
		const box = canvas.getBoundingClientRect();
		return [(e.clientX - box.left) * canvas.width / box.width, (e.clientY - box.top) * canvas.height / box.height];
	};
	canvas.addEventListener("pointerdown", e => {
		drawing = true;
		canvas.setPointerCapture(e.pointerId);
		pen.beginPath();
		pen.moveTo(...place(e));
		pen.lineTo(...place(e));
		pen.stroke();
	});
	canvas.addEventListener("pointermove", e => {
		if (!drawing) return;
		pen.lineTo(...place(e));
		pen.stroke();
	});
	const end = () => {
		if (!drawing) return;
		drawing = false;
		canvas.toBlob(predict, "image/png");
	};
	canvas.addEventListener("pointerup", end);
	canvas.addEventListener("pointercancel", end);
	at("clear").addEventListener("click", () => {
		if (running) running.abort();
		running = null;
		clear();
		at("file").value = "";
		at("result").hidden = at("error").hidden = true;
		at("wait").hidden = false;
	});
}
