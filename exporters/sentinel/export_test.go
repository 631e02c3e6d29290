package sentinel

import "errors"

// Attack is attack for tests.
var Attack = attack

// PassOver is what remains when the SDK asks for a token before the one it has ends, and is refused.
func (x *Exporter) PassOver() {
	_ = x.credential.fail(&tokenFailure{person: true, err: errors.New("sentinel: AADSTS7000222")})
}
