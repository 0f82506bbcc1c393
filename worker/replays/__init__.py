"""Dead letters on their way back: a job of the workers."""
