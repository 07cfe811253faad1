"""`ar-journal mcp`: the commands as tools of the Model Context Protocol. The only importer of mcp and anyio."""
