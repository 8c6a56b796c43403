"""CryptoFunk: a council of agents that trades under the eyes of a person."""
