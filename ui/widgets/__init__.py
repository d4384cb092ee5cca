"""Widgets that draw what presenters return; they decide nothing."""
