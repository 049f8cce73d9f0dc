"""Who acts. One local owner for now, behind the `Principal` that every use case takes."""
