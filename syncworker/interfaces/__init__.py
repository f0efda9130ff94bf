"""How do people reach the engine? The command line; it asks the use cases and decides nothing itself."""
