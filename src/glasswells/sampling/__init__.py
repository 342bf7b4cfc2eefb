"""Swap Monte Carlo, molecular dynamics, relaxation and equilibrium."""
