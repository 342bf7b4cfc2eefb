"""Potential energy and its derivatives: pair laws, neighbor list, energy, forces, Hessian."""
