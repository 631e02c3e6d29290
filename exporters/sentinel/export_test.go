package sentinel

// Attack is attack for tests.
var Attack = attack
