"""media: who carries a call's sound, agents on a call, recordings of whole calls, transcripts, who listened"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('gateways',
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('url', sa.String(length=200), nullable=False),
    sa.Column('dials', sa.Boolean(), nullable=False),
    sa.Column('expires_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_gateways'))
    )
    op.create_table('audit_events',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=24), nullable=False),
    sa.Column('subject_id', sa.String(length=40), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_audit_events_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_events'))
    )
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_events_subject_subject_id'), ['subject', 'subject_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_events_user_id_at'), ['user_id', 'at'], unique=False)

    op.create_table('agent_lines',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('gateway', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('call_id', sa.String(length=32), nullable=True),
    sa.Column('since', sa.DateTime(), nullable=False),
    sa.Column('expires_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['calls.id'], name=op.f('fk_agent_lines_call_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_agent_lines_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_lines')),
    sa.UniqueConstraint('user_id', name=op.f('uq_agent_lines_user_id'))
    )
    with op.batch_alter_table('agent_lines', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agent_lines_gateway'), ['gateway'], unique=False)

    op.create_table('call_legs',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('call_id', sa.String(length=32), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('mode', sa.String(length=24), nullable=False),
    sa.Column('joined_at', sa.DateTime(), nullable=False),
    sa.Column('left_at', sa.DateTime(), nullable=True),
    sa.Column('end_reason', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['calls.id'], name=op.f('fk_call_legs_call_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_call_legs_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_legs'))
    )
    with op.batch_alter_table('call_legs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_call_legs_call_id'), ['call_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_call_legs_user_id'), ['user_id'], unique=False)

    op.create_table('transcript_lines',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('call_id', sa.String(length=32), nullable=False),
    sa.Column('at_ms', sa.Integer(), nullable=False),
    sa.Column('speaker', sa.String(length=24), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('confidence', sa.Double(), nullable=True),
    sa.Column('private', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['calls.id'], name=op.f('fk_transcript_lines_call_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transcript_lines'))
    )
    with op.batch_alter_table('transcript_lines', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_transcript_lines_call_id_at_ms'), ['call_id', 'at_ms'], unique=False)
        batch_op.create_index(batch_op.f('ix_transcript_lines_created_at'), ['created_at'], unique=False)

    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.add_column(sa.Column('gateway', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('waiting_since', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('away_since', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('put_through_to', sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column('agent_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_calls_gateway_status'), ['gateway', 'status'], unique=False)
        batch_op.create_index(batch_op.f('ix_calls_waiting_since'), ['waiting_since'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_calls_agent_id'), 'users', ['agent_id'], ['id'])

    with op.batch_alter_table('call_turns', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_call_turns_at'), ['at'], unique=False)

    with op.batch_alter_table('recordings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=24), server_default='message', nullable=False))
        batch_op.add_column(sa.Column('pauses', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('gaps', sa.JSON(), server_default='[]', nullable=False))

    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.add_column(sa.Column('sip_address', sa.String(length=120), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.drop_column('sip_address')

    with op.batch_alter_table('recordings', schema=None) as batch_op:
        batch_op.drop_column('gaps')
        batch_op.drop_column('pauses')
        batch_op.drop_column('kind')

    with op.batch_alter_table('call_turns', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_call_turns_at'))

    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_calls_agent_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_calls_waiting_since'))
        batch_op.drop_index(batch_op.f('ix_calls_gateway_status'))
        batch_op.drop_column('agent_id')
        batch_op.drop_column('put_through_to')
        batch_op.drop_column('away_since')
        batch_op.drop_column('waiting_since')
        batch_op.drop_column('gateway')

    with op.batch_alter_table('transcript_lines', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_transcript_lines_created_at'))
        batch_op.drop_index(batch_op.f('ix_transcript_lines_call_id_at_ms'))

    op.drop_table('transcript_lines')
    with op.batch_alter_table('call_legs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_call_legs_user_id'))
        batch_op.drop_index(batch_op.f('ix_call_legs_call_id'))

    op.drop_table('call_legs')
    with op.batch_alter_table('agent_lines', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agent_lines_gateway'))

    op.drop_table('agent_lines')
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_events_user_id_at'))
        batch_op.drop_index(batch_op.f('ix_audit_events_subject_subject_id'))

    op.drop_table('audit_events')
    op.drop_table('gateways')
