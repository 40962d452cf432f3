"""From a bundle and a request to music: pure functions, without Django and Keras."""
