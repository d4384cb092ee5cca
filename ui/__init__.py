"""What is seen: PySide6 widgets that show and signal, and decide nothing."""
