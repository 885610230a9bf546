"""Commands of `hotline` that need the whole house; a part's own commands stand beside the part."""
