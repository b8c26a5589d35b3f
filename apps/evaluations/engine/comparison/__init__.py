"""A challenger against a champion: what a task's table offers to be compared, how units are joined, and what is told."""
