"""Pure rules over domain and quant: limits, breakers, sizing."""
