"""A pretend Discord: REST v10, the gateway and the CDN over the wire, for one guild in memory."""
