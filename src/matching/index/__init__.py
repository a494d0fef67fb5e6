"""The index: records that stand ready, so that a new one finds its matches in milliseconds, and batches come and go without a rebuild.

index = Index.build(customers, Customer, model)  # or Index.of(resolution, Customer), of what was resolved
index.match({"name": "Ferrand & fils", "city": "Rennes"})  # writes nothing
index.add(batch).clusters  # those whose members are others now
index.remove([index.position("crm-17")])

From the bottom up: `storage` (arrays that grow while they are read), `reading` (one record's forms and keys), `state` (all that is known at one
moment), `world` (a few records as the engine would see them), `index`.
"""

from matching.index.index import Candidate, Change, Index

__all__ = ["Candidate", "Change", "Index"]
