"""what callers do in flows: counts a node and a way, and what fitted nothing"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.add_column(sa.Column('counted_at', sa.DateTime(), nullable=True))

    op.create_table('flow_node_counts',
    sa.Column('flow', sa.String(length=80), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('revision_id', sa.String(length=64), nullable=False),
    sa.Column('node', sa.String(length=160), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('direction', sa.String(length=24), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('inputs', sa.Integer(), nullable=False),
    sa.Column('no_inputs', sa.Integer(), nullable=False),
    sa.Column('no_matches', sa.Integer(), nullable=False),
    sa.Column('helps', sa.Integer(), nullable=False),
    sa.Column('invalids', sa.Integer(), nullable=False),
    sa.Column('hang_ups', sa.Integer(), nullable=False),
    sa.Column('time_ms', sa.BigInteger(), nullable=False),
    sa.Column('confidence_sum', sa.Double(), nullable=False),
    sa.Column('confidence_count', sa.Integer(), nullable=False),
    sa.Column('last_call_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['revision_id'], ['flow_revisions.id'], name=op.f('fk_flow_node_counts_revision_id')),
    sa.PrimaryKeyConstraint('flow', 'day', 'revision_id', 'node', 'language', 'direction', name=op.f('pk_flow_node_counts'))
    )
    op.create_table('flow_edge_counts',
    sa.Column('flow', sa.String(length=80), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('revision_id', sa.String(length=64), nullable=False),
    sa.Column('node', sa.String(length=160), nullable=False),
    sa.Column('outcome', sa.String(length=200), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('direction', sa.String(length=24), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('last_call_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['revision_id'], ['flow_revisions.id'], name=op.f('fk_flow_edge_counts_revision_id')),
    sa.PrimaryKeyConstraint('flow', 'day', 'revision_id', 'node', 'outcome', 'language', 'direction', name=op.f('pk_flow_edge_counts'))
    )
    op.create_table('flow_unheard',
    sa.Column('flow', sa.String(length=80), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('node', sa.String(length=160), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('text', sa.String(length=80), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('last_call_id', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('flow', 'day', 'node', 'language', 'text', name=op.f('pk_flow_unheard'))
    )


def downgrade() -> None:
    op.drop_table('flow_unheard')
    op.drop_table('flow_edge_counts')
    op.drop_table('flow_node_counts')
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.drop_column('counted_at')
