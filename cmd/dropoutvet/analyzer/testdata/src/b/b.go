package b

func Use(...any) {}
