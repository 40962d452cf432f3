"""What is given of a piece, in each encoding's words; ``base`` says what a guide is."""
