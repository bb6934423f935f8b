package dashboards

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStatusesAreToldApartWithoutRedOrGreen shows the colours of statuses as who has no cones for red, or for green, sees them.
func TestStatusesAreToldApartWithoutRedOrGreen(t *testing.T) {
	const least = 10 // a difference in CIELAB that nobody overlooks
	colours := make(map[string]rgb)
	for _, board := range load(t) {
		for _, p := range board.shown() {
			if board.UID == "readiness-overview" && p.Title == "Checks by status" {
				for name, value := range p.named() {
					colours[name] = parse(t, value)
				}
			}
		}
	}
	require.Contains(t, colours, "pass")
	delete(colours, "not_applicable") // it is left out of everything, and shares the grey of what is undeclared
	// Of Machado, Oliveira and Fernandes, on linear light, at full severity.
	for name, seen := range map[string][3]rgb{
		"as it is":      {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		"without red":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
		"without green": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	} {
		for one, a := range colours {
			for other, b := range colours {
				if one < other {
					x, y := lab(times(seen, a)), lab(times(seen, b))
					difference := math.Sqrt((x[0]-y[0])*(x[0]-y[0]) + (x[1]-y[1])*(x[1]-y[1]) + (x[2]-y[2])*(x[2]-y[2]))
					require.Greater(t, difference, float64(least), "%s and %s, %s", one, other, name)
				}
			}
		}
	}
}

// rgb is linear light, or a row of a matrix for it.
type rgb [3]float64

func parse(t *testing.T, value string) (light rgb) {
	t.Helper()
	var colour struct{ FixedColor string }
	require.NoError(t, json.Unmarshal([]byte(value), &colour))
	for i := range light {
		byte8, err := strconv.ParseUint(colour.FixedColor[1+2*i:3+2*i], 16, 8)
		require.NoError(t, err)
		share := float64(byte8) / 255
		light[i] = share / 12.92
		if share > 0.04045 {
			light[i] = math.Pow((share+0.055)/1.055, 2.4)
		}
	}
	return light
}

func times(matrix [3]rgb, light rgb) (product rgb) {
	for i, row := range matrix {
		product[i] = row[0]*light[0] + row[1]*light[1] + row[2]*light[2]
	}
	return product
}

// lab is CIELAB under daylight.
func lab(light rgb) rgb {
	xyz := times([3]rgb{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}, light)
	for i, white := range []float64{0.9505, 1, 1.089} {
		share := max(0, xyz[i]/white)
		xyz[i] = math.Cbrt(share)
		if share <= 0.008856 {
			xyz[i] = 7.787*share + 16.0/116
		}
	}
	return rgb{116*xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])}
}
