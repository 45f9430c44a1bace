"""What every platform must do, run over the wire for each."""
