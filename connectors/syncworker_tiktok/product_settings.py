"""What has to be known of a product before TikTok Shop lists it, beyond what the catalogue tells? Category, brand, parcel.

Said once for all goods, and otherwise for single SKUs.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Id = Annotated[str, Field(pattern=r"^[0-9]{1,24}$")]
_Kilograms = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=3)]
_Centimetres = Annotated[int, Field(gt=0, le=1000)]


class ProductFacts(BaseModel):
    """Facts of one product; what is left out is that of all goods."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category_id: _Id | None = Field(default=None, description="A leaf of TikTok's tree of categories")
    brand_id: _Id | None = Field(default=None, description="The brand's id at TikTok; left out: no brand")
    weight_kg: _Kilograms | None = Field(default=None, description="The parcel's weight in kilograms")
    size_cm: tuple[_Centimetres, _Centimetres, _Centimetres] | None = Field(
        default=None,
        description="The parcel's length, width and height in centimetres, where the category asks for them",
    )
    attributes: dict[_Id, tuple[_Id, ...]] = Field(
        default={},
        description="For each attribute that the category asks for, by its id: the ids of its values",
    )


class ProductSettings(ProductFacts):
    """Of all goods, and of single SKUs."""

    category_version: Literal["v1", "v2"] = Field(
        default="v2", description="Which of TikTok's trees the categories are of"
    )
    platforms: tuple[Literal["TIKTOK_SHOP", "TOKOPEDIA"], ...] = Field(
        default=(), description="Where it is listed; TOKOPEDIA too for shops that are linked with it"
    )
    skus: dict[str, ProductFacts] = Field(default={}, description="What is otherwise for single SKUs, by SKU")

    def of(self, sku: str) -> ProductFacts:
        """What counts for one SKU."""
        own = self.skus.get(sku, ProductFacts())
        told = {name: getattr(own, name) for name in own.model_fields_set}
        return ProductFacts(**{**{name: getattr(self, name) for name in ProductFacts.model_fields}, **told})
