"""Products as people see them: a team's named groups of annotation types."""

from django.db import models

from exact.domain import products
from exact.projections.base import Inline, Row
from exact.projections.teams import TeamRow


class ProductRow(models.Model):
    """One product."""

    id = models.UUIDField(primary_key=True)
    number = models.IntegerField(unique=True)
    version = models.IntegerField()
    team = models.ForeignKey(TeamRow, models.CASCADE, related_name="products", db_constraint=False)
    name = models.TextField()
    description = models.TextField()
    withdrawn = models.BooleanField()

    class Meta:
        db_table = "products"
        ordering = ["number"]


def row_of(product: products.Product) -> Row:
    """The row of a product."""
    return {
        "id": product.id,
        "number": product.number,
        "version": product.version,
        "team_id": product.team_id,
        "name": product.name,
        "description": product.description,
        "withdrawn": product.withdrawn,
    }


PRODUCTS = Inline(name="products", noun=products, state=products.Product, model=ProductRow, row_of=row_of)
